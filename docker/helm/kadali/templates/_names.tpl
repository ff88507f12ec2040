{{- define "kadali.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name }}{{ else }}{{ .Release.Name }}-{{ .Chart.Name }}{{ end }}
{{- end }}

{{- define "kadali.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "kadali.labels" -}}
{{ include "kadali.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "kadali.account" -}}
{{- if .Values.serviceAccount.create }}{{ .Values.serviceAccount.name | default (include "kadali.name" .) }}{{ else }}{{ .Values.serviceAccount.name | default "default" }}{{ end }}
{{- end }}

{{- /* What cannot work is refused at installation, not found out by a pod that does not start. */ -}}
{{- define "kadali.check" -}}
{{- if and .Values.spark.enabled (not .Values.spark.image) }}
{{- fail "spark.enabled needs spark.image: the image of Spark's pods" }}
{{- end }}
{{- if gt (int .Values.replicas) 1 }}
{{- if not (or .Values.catalog.url .Values.catalog.existingSecret) }}
{{- fail "replicas above 1 need catalog.url or catalog.existingSecret: one metadata store for all" }}
{{- end }}
{{- if not .Values.lake.root }}
{{- fail "replicas above 1 need lake.root: one place of tables for all" }}
{{- end }}
{{- if .Values.persistence.enabled }}
{{- fail "replicas above 1 need persistence.enabled=false: a volume belongs to one gateway" }}
{{- end }}
{{- end }}
{{- end }}
