"""The dashboard's API. Doors parse, authorise, call one function and render; the OpenAPI is written from them."""
