{{- define "quarterdeck.name" -}}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{- end }}

{{- define "quarterdeck.image" -}}
{{- if .Values.image.digest }}{{ .Values.image.repository }}@{{ .Values.image.digest }}{{ else }}{{ .Values.image.repository }}:{{ .Values.image.tag }}{{ end }}
{{- end }}

{{/* Labels of one part: call with (list . "web"). */}}
{{- define "quarterdeck.selects" -}}
app.kubernetes.io/name: quarterdeck
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}
{{- define "quarterdeck.labels" -}}
{{ include "quarterdeck.selects" . }}
app.kubernetes.io/part-of: quarterdeck
app.kubernetes.io/version: {{ (index . 0).Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ (index . 0).Release.Service }}
helm.sh/chart: {{ (index . 0).Chart.Name }}-{{ (index . 0).Chart.Version }}
{{- end }}

{{- define "quarterdeck.databaseSecret" -}}
{{- if .Values.database.cloudNativePG.enabled }}{{ include "quarterdeck.name" . }}-db-app{{ else }}{{ .Values.database.existingSecret }}{{ end }}
{{- end }}
{{- define "quarterdeck.databaseKey" -}}
{{- if .Values.database.cloudNativePG.enabled }}uri{{ else }}{{ .Values.database.key }}{{ end }}
{{- end }}
{{- define "quarterdeck.valkeySecret" -}}
{{- if .Values.valkey.operator.enabled }}{{ include "quarterdeck.name" . }}-valkey{{ else }}{{ .Values.valkey.existingSecret }}{{ end }}
{{- end }}
{{- define "quarterdeck.valkeyKey" -}}
{{- if .Values.valkey.operator.enabled }}url{{ else }}{{ .Values.valkey.key }}{{ end }}
{{- end }}
