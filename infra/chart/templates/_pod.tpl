{{/*
One pod of the platform. Call with a dict:
  top, part, command (list), resources, account ("" for none), port (0 for none), keys (whether it gets the keys to stored
  secrets), claim ("" for none: what it keeps outlives nothing), env (list), probe (path, "" for none), grace (seconds), restart, bare (no secret at all)
*/}}
{{- define "quarterdeck.pod" -}}
{{- $v := .top.Values -}}
metadata:
  labels: {{- include "quarterdeck.labels" (list .top .part) | nindent 4 }}
spec:
  {{- with .restart }}
  restartPolicy: {{ . }}
  {{- end }}
  {{- if .account }}
  serviceAccountName: {{ .account }}
  {{- else }}
  serviceAccountName: {{ include "quarterdeck.name" .top }}
  {{- end }}
  automountServiceAccountToken: {{ ne .account "" }}
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ .grace | default 30 }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 10001
    runAsGroup: 10001
    fsGroup: 10001
    fsGroupChangePolicy: OnRootMismatch
    seccompProfile: {type: RuntimeDefault}
  {{- with $v.image.pullSecrets }}
  imagePullSecrets: {{- range . }}
  - name: {{ . }}
  {{- end }}
  {{- end }}
  {{- with $v.dns.policy }}
  dnsPolicy: {{ . }}
  {{- end }}
  {{- with $v.dns.config }}
  dnsConfig: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $v.nodeSelector }}
  nodeSelector: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $v.tolerations }}
  tolerations: {{- toYaml . | nindent 2 }}
  {{- end }}
  topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector: {matchLabels: {{ include "quarterdeck.selects" (list .top .part) | fromYaml | toJson }}}
  containers:
  - name: {{ .part }}
    image: {{ include "quarterdeck.image" .top | quote }}
    imagePullPolicy: {{ $v.image.pullPolicy }}
    command: ["/usr/bin/catatonit", "--"]
    args: {{ toJson .command }}
    workingDir: /opt/quarterdeck
    securityContext:
      allowPrivilegeEscalation: false
      readOnlyRootFilesystem: true
      runAsNonRoot: true
      capabilities: {drop: [ALL]}
    env:
    {{- if not .bare }}
    - {name: DATABASE_URL, valueFrom: {secretKeyRef: {name: {{ include "quarterdeck.databaseSecret" .top }}, key: {{ include "quarterdeck.databaseKey" .top }}}}}
    - {name: VALKEY_URL, valueFrom: {secretKeyRef: {name: {{ include "quarterdeck.valkeySecret" .top }}, key: {{ include "quarterdeck.valkeyKey" .top }}}}}
    - {name: QUARTERDECK_SECRET_KEY, valueFrom: {secretKeyRef: {name: {{ $v.existingSecret }}, key: secret-key}}}
    - {name: QUARTERDECK_GIT_KEY, valueFrom: {secretKeyRef: {name: {{ $v.existingSecret }}, key: git-key}}}
    - {name: QUARTERDECK_GIT_INTERNAL, value: "http://{{ include "quarterdeck.name" .top }}-git-internal:8702"}
    - {name: QUARTERDECK_POOL, value: {{ $v.database.pool | quote }}}
    {{- end }}
    - {name: QUARTERDECK_HOST, value: "0.0.0.0"}
    - {name: QUARTERDECK_PORT, value: "8640"}
    - {name: QUARTERDECK_ORIGINS, value: "{{ ternary "https" "http" $v.https }}://{{ $v.host }}"}
    - {name: QUARTERDECK_RUN, value: /run/quarterdeck}
    - {name: QUARTERDECK_LEASE, value: {{ $v.agents.lease | quote }}}
    - {name: QUARTERDECK_STARTING, value: {{ $v.agents.starting | quote }}}
    - {name: QUARTERDECK_CLUSTER, value: pods}
    {{- range .env }}
    - {name: {{ .name }}, value: {{ .value | quote }}}
    {{- end }}
    {{- range $name, $value := merge (dict) $v.telemetry.env $v.extraEnv }}
    - {name: {{ $name }}, value: {{ $value | quote }}}
    {{- end }}
    {{- with .ports }}
    ports: {{- toYaml . | nindent 4 }}
    {{- end }}
    {{- with .probe }}
    startupProbe: {httpGet: {{ toJson . }}, periodSeconds: 2, failureThreshold: 60}
    readinessProbe: {httpGet: {{ toJson . }}, periodSeconds: 5, timeoutSeconds: 3}
    livenessProbe: {httpGet: {{ toJson . }}, periodSeconds: 20, timeoutSeconds: 10, failureThreshold: 6}
    {{- end }}
    resources: {{- toYaml .resources | nindent 6 }}
    volumeMounts:
    - {name: data, mountPath: /var/lib/quarterdeck}
    - {name: run, mountPath: /run/quarterdeck}
    - {name: tmp, mountPath: /tmp}
    {{- if .keys }}
    - {name: keys, mountPath: /var/lib/quarterdeck/keys, readOnly: true}
    {{- end }}
  volumes:
  - name: data
    {{- if .claim }}
    persistentVolumeClaim: {claimName: {{ .claim }}}
    {{- else }}
    emptyDir: {sizeLimit: 1Gi}
    {{- end }}
  - {name: run, emptyDir: {sizeLimit: 16Mi}}
  - {name: tmp, emptyDir: {sizeLimit: 1Gi}}
  {{- if .keys }}
  - {name: keys, secret: {secretName: {{ $v.existingSecret }}, defaultMode: 0440}}
  {{- end }}
{{- end }}
