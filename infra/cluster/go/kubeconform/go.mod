module quarterdeck.invalid/tools/kubeconform

go 1.26.0
