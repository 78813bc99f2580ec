/**
 * Messages of the Kubernetes API that clients write in protobuf: number, name and type of each field. `[]` marks a list, `{}`
 * a map by text; without a type it is a text. What nobody asks for when writing, such as a status, is `opaque`.
 */
export const MESSAGES = `
apps.v1.DaemonSet 1:metadata:meta.v1.ObjectMeta 2:spec:apps.v1.DaemonSetSpec 3:status:opaque
apps.v1.DaemonSetSpec 1:selector:meta.v1.LabelSelector 2:template:core.v1.PodTemplateSpec 3:updateStrategy:apps.v1.DaemonSetUpdateStrategy 4:minReadySeconds:int32 6:revisionHistoryLimit:int32
apps.v1.DaemonSetUpdateStrategy 1:type 2:rollingUpdate:apps.v1.RollingUpdateDaemonSet
apps.v1.Deployment 1:metadata:meta.v1.ObjectMeta 2:spec:apps.v1.DeploymentSpec 3:status:opaque
apps.v1.DeploymentSpec 1:replicas:int32 2:selector:meta.v1.LabelSelector 3:template:core.v1.PodTemplateSpec 4:strategy:apps.v1.DeploymentStrategy 5:minReadySeconds:int32 6:revisionHistoryLimit:int32 7:paused:bool 9:progressDeadlineSeconds:int32
apps.v1.DeploymentStrategy 1:type 2:rollingUpdate:apps.v1.RollingUpdateDeployment
apps.v1.ReplicaSet 1:metadata:meta.v1.ObjectMeta 2:spec:apps.v1.ReplicaSetSpec 3:status:opaque
apps.v1.ReplicaSetSpec 1:replicas:int32 4:minReadySeconds:int32 2:selector:meta.v1.LabelSelector 3:template:core.v1.PodTemplateSpec
apps.v1.RollingUpdateDaemonSet 1:maxUnavailable:intstr.IntOrString
apps.v1.RollingUpdateDeployment 1:maxUnavailable:intstr.IntOrString 2:maxSurge:intstr.IntOrString
apps.v1.RollingUpdateStatefulSetStrategy 1:partition:int32
apps.v1.StatefulSet 1:metadata:meta.v1.ObjectMeta 2:spec:apps.v1.StatefulSetSpec 3:status:opaque
apps.v1.StatefulSetSpec 1:replicas:int32 2:selector:meta.v1.LabelSelector 3:template:core.v1.PodTemplateSpec 4:volumeClaimTemplates:core.v1.PersistentVolumeClaim[] 5:serviceName 6:podManagementPolicy 7:updateStrategy:apps.v1.StatefulSetUpdateStrategy 8:revisionHistoryLimit:int32
apps.v1.StatefulSetUpdateStrategy 1:type 2:rollingUpdate:apps.v1.RollingUpdateStatefulSetStrategy
authentication.v1.BoundObjectReference 1:kind 2:aPIVersion 3:name 4:uID
authentication.v1.SelfSubjectReview 1:metadata:meta.v1.ObjectMeta 2:status:opaque
authentication.v1.TokenRequest 1:metadata:meta.v1.ObjectMeta 2:spec:authentication.v1.TokenRequestSpec 3:status:opaque
authentication.v1.TokenRequestSpec 1:audiences[] 4:expirationSeconds:int64 3:boundObjectRef:authentication.v1.BoundObjectReference
authorization.v1.ExtraValue 1:items[]
authorization.v1.LocalSubjectAccessReview 1:metadata:meta.v1.ObjectMeta 2:spec:authorization.v1.SubjectAccessReviewSpec 3:status:opaque
authorization.v1.NonResourceAttributes 1:path 2:verb
authorization.v1.ResourceAttributes 1:namespace 2:verb 3:group 4:version 5:resource 6:subresource 7:name
authorization.v1.SelfSubjectAccessReview 1:metadata:meta.v1.ObjectMeta 2:spec:authorization.v1.SelfSubjectAccessReviewSpec 3:status:opaque
authorization.v1.SelfSubjectAccessReviewSpec 1:resourceAttributes:authorization.v1.ResourceAttributes 2:nonResourceAttributes:authorization.v1.NonResourceAttributes
authorization.v1.SelfSubjectRulesReview 1:metadata:meta.v1.ObjectMeta 2:spec:authorization.v1.SelfSubjectRulesReviewSpec 3:status:opaque
authorization.v1.SelfSubjectRulesReviewSpec 1:namespace
authorization.v1.SubjectAccessReview 1:metadata:meta.v1.ObjectMeta 2:spec:authorization.v1.SubjectAccessReviewSpec 3:status:opaque
authorization.v1.SubjectAccessReviewSpec 1:resourceAttributes:authorization.v1.ResourceAttributes 2:nonResourceAttributes:authorization.v1.NonResourceAttributes 3:user 4:groups[] 5:extra:authorization.v1.ExtraValue{} 6:uid
autoscaling.v1.CrossVersionObjectReference 1:kind 2:name 3:apiVersion
autoscaling.v1.HorizontalPodAutoscaler 1:metadata:meta.v1.ObjectMeta 2:spec:autoscaling.v1.HorizontalPodAutoscalerSpec 3:status:opaque
autoscaling.v1.HorizontalPodAutoscalerSpec 1:scaleTargetRef:autoscaling.v1.CrossVersionObjectReference 2:minReplicas:int32 3:maxReplicas:int32 4:targetCPUUtilizationPercentage:int32
autoscaling.v1.Scale 1:metadata:meta.v1.ObjectMeta 2:spec:autoscaling.v1.ScaleSpec 3:status:opaque
autoscaling.v1.ScaleSpec 1:replicas:int32
batch.v1.CronJob 1:metadata:meta.v1.ObjectMeta 2:spec:batch.v1.CronJobSpec 3:status:opaque
batch.v1.CronJobSpec 1:schedule 2:startingDeadlineSeconds:int64 3:concurrencyPolicy 4:suspend:bool 5:jobTemplate:batch.v1.JobTemplateSpec 6:successfulJobsHistoryLimit:int32 7:failedJobsHistoryLimit:int32
batch.v1.Job 1:metadata:meta.v1.ObjectMeta 2:spec:batch.v1.JobSpec 3:status:opaque
batch.v1.JobSpec 1:parallelism:int32 2:completions:int32 3:activeDeadlineSeconds:int64 7:backoffLimit:int32 4:selector:meta.v1.LabelSelector 5:manualSelector:bool 6:template:core.v1.PodTemplateSpec 8:ttlSecondsAfterFinished:int32
batch.v1.JobTemplateSpec 1:metadata:meta.v1.ObjectMeta 2:spec:batch.v1.JobSpec
coordination.v1.Lease 1:metadata:meta.v1.ObjectMeta 2:spec:coordination.v1.LeaseSpec
coordination.v1.LeaseSpec 1:holderIdentity 2:leaseDurationSeconds:int32 3:acquireTime:meta.v1.MicroTime 4:renewTime:meta.v1.MicroTime 5:leaseTransitions:int32
core.v1.AWSElasticBlockStoreVolumeSource 1:volumeID 2:fsType 3:partition:int32 4:readOnly:bool
core.v1.Affinity 1:nodeAffinity:core.v1.NodeAffinity 2:podAffinity:core.v1.PodAffinity 3:podAntiAffinity:core.v1.PodAntiAffinity
core.v1.AzureDiskVolumeSource 1:diskName 2:diskURI 3:cachingMode 4:fsType 5:readOnly:bool 6:kind
core.v1.AzureFileVolumeSource 1:secretName 2:shareName 3:readOnly:bool
core.v1.Binding 1:metadata:meta.v1.ObjectMeta 2:target:core.v1.ObjectReference
core.v1.CSIVolumeSource 1:driver 2:readOnly:bool 3:fsType 4:volumeAttributes{} 5:nodePublishSecretRef:core.v1.LocalObjectReference
core.v1.Capabilities 1:add[] 2:drop[]
core.v1.CephFSVolumeSource 1:monitors[] 2:path 3:user 4:secretFile 5:secretRef:core.v1.LocalObjectReference 6:readOnly:bool
core.v1.CinderVolumeSource 1:volumeID 2:fsType 3:readOnly:bool 4:secretRef:core.v1.LocalObjectReference
core.v1.ClientIPConfig 1:timeoutSeconds:int32
core.v1.ConfigMap 1:metadata:meta.v1.ObjectMeta 4:immutable:bool 2:data{} 3:binaryData:bytes{}
core.v1.ConfigMapEnvSource 1:localObjectReference:core.v1.LocalObjectReference 2:optional:bool
core.v1.ConfigMapKeySelector 1:localObjectReference:core.v1.LocalObjectReference 2:key 3:optional:bool
core.v1.ConfigMapProjection 1:localObjectReference:core.v1.LocalObjectReference 2:items:core.v1.KeyToPath[] 4:optional:bool
core.v1.ConfigMapVolumeSource 1:localObjectReference:core.v1.LocalObjectReference 2:items:core.v1.KeyToPath[] 3:defaultMode:int32 4:optional:bool
core.v1.Container 1:name 2:image 3:command[] 4:args[] 5:workingDir 6:ports:core.v1.ContainerPort[] 19:envFrom:core.v1.EnvFromSource[] 7:env:core.v1.EnvVar[] 8:resources:core.v1.ResourceRequirements 9:volumeMounts:core.v1.VolumeMount[] 21:volumeDevices:core.v1.VolumeDevice[] 10:livenessProbe:core.v1.Probe 11:readinessProbe:core.v1.Probe 22:startupProbe:core.v1.Probe 12:lifecycle:core.v1.Lifecycle 13:terminationMessagePath 20:terminationMessagePolicy 14:imagePullPolicy 15:securityContext:core.v1.SecurityContext 16:stdin:bool 17:stdinOnce:bool 18:tty:bool
core.v1.ContainerPort 1:name 2:hostPort:int32 3:containerPort:int32 4:protocol 5:hostIP
core.v1.DownwardAPIProjection 1:items:core.v1.DownwardAPIVolumeFile[]
core.v1.DownwardAPIVolumeFile 1:path 2:fieldRef:core.v1.ObjectFieldSelector 3:resourceFieldRef:core.v1.ResourceFieldSelector 4:mode:int32
core.v1.DownwardAPIVolumeSource 1:items:core.v1.DownwardAPIVolumeFile[] 2:defaultMode:int32
core.v1.EmptyDirVolumeSource 1:medium 2:sizeLimit:resource.Quantity
core.v1.EnvFromSource 1:prefix 2:configMapRef:core.v1.ConfigMapEnvSource 3:secretRef:core.v1.SecretEnvSource
core.v1.EnvVar 1:name 2:value 3:valueFrom:core.v1.EnvVarSource
core.v1.EnvVarSource 1:fieldRef:core.v1.ObjectFieldSelector 2:resourceFieldRef:core.v1.ResourceFieldSelector 3:configMapKeyRef:core.v1.ConfigMapKeySelector 4:secretKeyRef:core.v1.SecretKeySelector
core.v1.EphemeralContainer 1:ephemeralContainerCommon:core.v1.EphemeralContainerCommon 2:targetContainerName
core.v1.EphemeralContainerCommon 1:name 2:image 3:command[] 4:args[] 5:workingDir 6:ports:core.v1.ContainerPort[] 19:envFrom:core.v1.EnvFromSource[] 7:env:core.v1.EnvVar[] 8:resources:core.v1.ResourceRequirements 9:volumeMounts:core.v1.VolumeMount[] 21:volumeDevices:core.v1.VolumeDevice[] 10:livenessProbe:core.v1.Probe 11:readinessProbe:core.v1.Probe 22:startupProbe:core.v1.Probe 12:lifecycle:core.v1.Lifecycle 13:terminationMessagePath 20:terminationMessagePolicy 14:imagePullPolicy 15:securityContext:core.v1.SecurityContext 16:stdin:bool 17:stdinOnce:bool 18:tty:bool
core.v1.EphemeralVolumeSource 1:volumeClaimTemplate:core.v1.PersistentVolumeClaimTemplate 2:readOnly:bool
core.v1.ExecAction 1:command[]
core.v1.FCVolumeSource 1:targetWWNs[] 2:lun:int32 3:fsType 4:readOnly:bool 5:wwids[]
core.v1.FlexVolumeSource 1:driver 2:fsType 3:secretRef:core.v1.LocalObjectReference 4:readOnly:bool 5:options{}
core.v1.FlockerVolumeSource 1:datasetName 2:datasetUUID
core.v1.GCEPersistentDiskVolumeSource 1:pdName 2:fsType 3:partition:int32 4:readOnly:bool
core.v1.GitRepoVolumeSource 1:repository 2:revision 3:directory
core.v1.GlusterfsVolumeSource 1:endpoints 2:path 3:readOnly:bool
core.v1.HTTPGetAction 1:path 2:port:intstr.IntOrString 3:host 4:scheme 5:httpHeaders:core.v1.HTTPHeader[]
core.v1.HTTPHeader 1:name 2:value
core.v1.Handler 1:exec:core.v1.ExecAction 2:httpGet:core.v1.HTTPGetAction 3:tcpSocket:core.v1.TCPSocketAction
core.v1.HostAlias 1:ip 2:hostnames[]
core.v1.HostPathVolumeSource 1:path 2:type
core.v1.ISCSIVolumeSource 1:targetPortal 2:iqn 3:lun:int32 4:iscsiInterface 5:fsType 6:readOnly:bool 7:portals[] 8:chapAuthDiscovery:bool 11:chapAuthSession:bool 10:secretRef:core.v1.LocalObjectReference 12:initiatorName
core.v1.KeyToPath 1:key 2:path 3:mode:int32
core.v1.Lifecycle 1:postStart:core.v1.Handler 2:preStop:core.v1.Handler
core.v1.LocalObjectReference 1:name
core.v1.NFSVolumeSource 1:server 2:path 3:readOnly:bool
core.v1.Namespace 1:metadata:meta.v1.ObjectMeta 2:spec:core.v1.NamespaceSpec 3:status:opaque
core.v1.NamespaceSpec 1:finalizers[]
core.v1.NodeAffinity 1:requiredDuringSchedulingIgnoredDuringExecution:core.v1.NodeSelector 2:preferredDuringSchedulingIgnoredDuringExecution:core.v1.PreferredSchedulingTerm[]
core.v1.NodeSelector 1:nodeSelectorTerms:core.v1.NodeSelectorTerm[]
core.v1.NodeSelectorRequirement 1:key 2:operator 3:values[]
core.v1.NodeSelectorTerm 1:matchExpressions:core.v1.NodeSelectorRequirement[] 2:matchFields:core.v1.NodeSelectorRequirement[]
core.v1.ObjectFieldSelector 1:apiVersion 2:fieldPath
core.v1.ObjectReference 1:kind 2:namespace 3:name 4:uid 5:apiVersion 6:resourceVersion 7:fieldPath
core.v1.PersistentVolumeClaim 1:metadata:meta.v1.ObjectMeta 2:spec:core.v1.PersistentVolumeClaimSpec 3:status:opaque
core.v1.PersistentVolumeClaimSpec 1:accessModes[] 4:selector:meta.v1.LabelSelector 2:resources:core.v1.ResourceRequirements 3:volumeName 5:storageClassName 6:volumeMode 7:dataSource:core.v1.TypedLocalObjectReference
core.v1.PersistentVolumeClaimTemplate 1:metadata:meta.v1.ObjectMeta 2:spec:core.v1.PersistentVolumeClaimSpec
core.v1.PersistentVolumeClaimVolumeSource 1:claimName 2:readOnly:bool
core.v1.PhotonPersistentDiskVolumeSource 1:pdID 2:fsType
core.v1.Pod 1:metadata:meta.v1.ObjectMeta 2:spec:core.v1.PodSpec 3:status:opaque
core.v1.PodAffinity 1:requiredDuringSchedulingIgnoredDuringExecution:core.v1.PodAffinityTerm[] 2:preferredDuringSchedulingIgnoredDuringExecution:core.v1.WeightedPodAffinityTerm[]
core.v1.PodAffinityTerm 1:labelSelector:meta.v1.LabelSelector 2:namespaces[] 3:topologyKey
core.v1.PodAntiAffinity 1:requiredDuringSchedulingIgnoredDuringExecution:core.v1.PodAffinityTerm[] 2:preferredDuringSchedulingIgnoredDuringExecution:core.v1.WeightedPodAffinityTerm[]
core.v1.PodDNSConfig 1:nameservers[] 2:searches[] 3:options:core.v1.PodDNSConfigOption[]
core.v1.PodDNSConfigOption 1:name 2:value
core.v1.PodReadinessGate 1:conditionType
core.v1.PodSecurityContext 1:seLinuxOptions:core.v1.SELinuxOptions 8:windowsOptions:core.v1.WindowsSecurityContextOptions 2:runAsUser:int64 6:runAsGroup:int64 3:runAsNonRoot:bool 4:supplementalGroups:int64[] 5:fsGroup:int64 7:sysctls:core.v1.Sysctl[] 9:fsGroupChangePolicy 10:seccompProfile:core.v1.SeccompProfile
core.v1.PodSpec 1:volumes:core.v1.Volume[] 20:initContainers:core.v1.Container[] 2:containers:core.v1.Container[] 34:ephemeralContainers:core.v1.EphemeralContainer[] 3:restartPolicy 4:terminationGracePeriodSeconds:int64 5:activeDeadlineSeconds:int64 6:dnsPolicy 7:nodeSelector{} 8:serviceAccountName 9:serviceAccount 21:automountServiceAccountToken:bool 10:nodeName 11:hostNetwork:bool 12:hostPID:bool 13:hostIPC:bool 27:shareProcessNamespace:bool 14:securityContext:core.v1.PodSecurityContext 15:imagePullSecrets:core.v1.LocalObjectReference[] 16:hostname 17:subdomain 18:affinity:core.v1.Affinity 19:schedulerName 22:tolerations:core.v1.Toleration[] 23:hostAliases:core.v1.HostAlias[] 24:priorityClassName 25:priority:int32 26:dnsConfig:core.v1.PodDNSConfig 28:readinessGates:core.v1.PodReadinessGate[] 29:runtimeClassName 30:enableServiceLinks:bool 31:preemptionPolicy 32:overhead:resource.Quantity{} 33:topologySpreadConstraints:core.v1.TopologySpreadConstraint[] 35:setHostnameAsFQDN:bool
core.v1.PodTemplateSpec 1:metadata:meta.v1.ObjectMeta 2:spec:core.v1.PodSpec
core.v1.PortworxVolumeSource 1:volumeID 2:fsType 3:readOnly:bool
core.v1.PreferredSchedulingTerm 1:weight:int32 2:preference:core.v1.NodeSelectorTerm
core.v1.Probe 1:handler:core.v1.Handler 2:initialDelaySeconds:int32 3:timeoutSeconds:int32 4:periodSeconds:int32 5:successThreshold:int32 6:failureThreshold:int32
core.v1.ProjectedVolumeSource 1:sources:core.v1.VolumeProjection[] 2:defaultMode:int32
core.v1.QuobyteVolumeSource 1:registry 2:volume 3:readOnly:bool 4:user 5:group 6:tenant
core.v1.RBDVolumeSource 1:monitors[] 2:image 3:fsType 4:pool 5:user 6:keyring 7:secretRef:core.v1.LocalObjectReference 8:readOnly:bool
core.v1.ResourceFieldSelector 1:containerName 2:resource 3:divisor:resource.Quantity
core.v1.ResourceQuota 1:metadata:meta.v1.ObjectMeta 2:spec:core.v1.ResourceQuotaSpec 3:status:opaque
core.v1.ResourceQuotaSpec 1:hard:resource.Quantity{} 2:scopes[] 3:scopeSelector:core.v1.ScopeSelector
core.v1.ResourceRequirements 1:limits:resource.Quantity{} 2:requests:resource.Quantity{}
core.v1.SELinuxOptions 1:user 2:role 3:type 4:level
core.v1.ScaleIOVolumeSource 1:gateway 2:system 3:secretRef:core.v1.LocalObjectReference 4:sslEnabled:bool 5:protectionDomain 6:storagePool 7:storageMode 8:volumeName 9:fsType 10:readOnly:bool
core.v1.ScopeSelector 1:matchExpressions:core.v1.ScopedResourceSelectorRequirement[]
core.v1.ScopedResourceSelectorRequirement 1:scopeName 2:operator 3:values[]
core.v1.SeccompProfile 1:type 2:localhostProfile
core.v1.Secret 1:metadata:meta.v1.ObjectMeta 5:immutable:bool 2:data:bytes{} 4:stringData{} 3:type
core.v1.SecretEnvSource 1:localObjectReference:core.v1.LocalObjectReference 2:optional:bool
core.v1.SecretKeySelector 1:localObjectReference:core.v1.LocalObjectReference 2:key 3:optional:bool
core.v1.SecretProjection 1:localObjectReference:core.v1.LocalObjectReference 2:items:core.v1.KeyToPath[] 4:optional:bool
core.v1.SecretVolumeSource 1:secretName 2:items:core.v1.KeyToPath[] 3:defaultMode:int32 4:optional:bool
core.v1.SecurityContext 1:capabilities:core.v1.Capabilities 2:privileged:bool 3:seLinuxOptions:core.v1.SELinuxOptions 10:windowsOptions:core.v1.WindowsSecurityContextOptions 4:runAsUser:int64 8:runAsGroup:int64 5:runAsNonRoot:bool 6:readOnlyRootFilesystem:bool 7:allowPrivilegeEscalation:bool 9:procMount 11:seccompProfile:core.v1.SeccompProfile
core.v1.Service 1:metadata:meta.v1.ObjectMeta 2:spec:core.v1.ServiceSpec 3:status:opaque
core.v1.ServiceAccount 1:metadata:meta.v1.ObjectMeta 2:secrets:core.v1.ObjectReference[] 3:imagePullSecrets:core.v1.LocalObjectReference[] 4:automountServiceAccountToken:bool
core.v1.ServiceAccountTokenProjection 1:audience 2:expirationSeconds:int64 3:path
core.v1.ServicePort 1:name 2:protocol 6:appProtocol 3:port:int32 4:targetPort:intstr.IntOrString 5:nodePort:int32
core.v1.ServiceSpec 1:ports:core.v1.ServicePort[] 2:selector{} 3:clusterIP 18:clusterIPs[] 4:type 5:externalIPs[] 7:sessionAffinity 8:loadBalancerIP 9:loadBalancerSourceRanges[] 10:externalName 11:externalTrafficPolicy 12:healthCheckNodePort:int32 13:publishNotReadyAddresses:bool 14:sessionAffinityConfig:core.v1.SessionAffinityConfig 16:topologyKeys[] 19:ipFamilies[] 17:ipFamilyPolicy 20:allocateLoadBalancerNodePorts:bool
core.v1.SessionAffinityConfig 1:clientIP:core.v1.ClientIPConfig
core.v1.StorageOSVolumeSource 1:volumeName 2:volumeNamespace 3:fsType 4:readOnly:bool 5:secretRef:core.v1.LocalObjectReference
core.v1.Sysctl 1:name 2:value
core.v1.TCPSocketAction 1:port:intstr.IntOrString 2:host
core.v1.Toleration 1:key 2:operator 3:value 4:effect 5:tolerationSeconds:int64
core.v1.TopologySpreadConstraint 1:maxSkew:int32 2:topologyKey 3:whenUnsatisfiable 4:labelSelector:meta.v1.LabelSelector
core.v1.TypedLocalObjectReference 1:apiGroup 2:kind 3:name
core.v1.Volume 1:name 2:volumeSource:core.v1.VolumeSource
core.v1.VolumeDevice 1:name 2:devicePath
core.v1.VolumeMount 1:name 2:readOnly:bool 3:mountPath 4:subPath 5:mountPropagation 6:subPathExpr
core.v1.VolumeProjection 1:secret:core.v1.SecretProjection 2:downwardAPI:core.v1.DownwardAPIProjection 3:configMap:core.v1.ConfigMapProjection 4:serviceAccountToken:core.v1.ServiceAccountTokenProjection
core.v1.VolumeSource 1:hostPath:core.v1.HostPathVolumeSource 2:emptyDir:core.v1.EmptyDirVolumeSource 3:gcePersistentDisk:core.v1.GCEPersistentDiskVolumeSource 4:awsElasticBlockStore:core.v1.AWSElasticBlockStoreVolumeSource 5:gitRepo:core.v1.GitRepoVolumeSource 6:secret:core.v1.SecretVolumeSource 7:nfs:core.v1.NFSVolumeSource 8:iscsi:core.v1.ISCSIVolumeSource 9:glusterfs:core.v1.GlusterfsVolumeSource 10:persistentVolumeClaim:core.v1.PersistentVolumeClaimVolumeSource 11:rbd:core.v1.RBDVolumeSource 12:flexVolume:core.v1.FlexVolumeSource 13:cinder:core.v1.CinderVolumeSource 14:cephfs:core.v1.CephFSVolumeSource 15:flocker:core.v1.FlockerVolumeSource 16:downwardAPI:core.v1.DownwardAPIVolumeSource 17:fc:core.v1.FCVolumeSource 18:azureFile:core.v1.AzureFileVolumeSource 19:configMap:core.v1.ConfigMapVolumeSource 20:vsphereVolume:core.v1.VsphereVirtualDiskVolumeSource 21:quobyte:core.v1.QuobyteVolumeSource 22:azureDisk:core.v1.AzureDiskVolumeSource 23:photonPersistentDisk:core.v1.PhotonPersistentDiskVolumeSource 26:projected:core.v1.ProjectedVolumeSource 24:portworxVolume:core.v1.PortworxVolumeSource 25:scaleIO:core.v1.ScaleIOVolumeSource 27:storageos:core.v1.StorageOSVolumeSource 28:csi:core.v1.CSIVolumeSource 29:ephemeral:core.v1.EphemeralVolumeSource
core.v1.VsphereVirtualDiskVolumeSource 1:volumePath 2:fsType 3:storagePolicyName 4:storagePolicyID
core.v1.WeightedPodAffinityTerm 1:weight:int32 2:podAffinityTerm:core.v1.PodAffinityTerm
core.v1.WindowsSecurityContextOptions 1:gmsaCredentialSpecName 2:gmsaCredentialSpec 3:runAsUserName
intstr.IntOrString 1:type:int64 2:intVal:int32 3:strVal
meta.v1.DeleteOptions 1:gracePeriodSeconds:int64 2:preconditions:meta.v1.Preconditions 3:orphanDependents:bool 4:propagationPolicy 5:dryRun[]
meta.v1.FieldsV1 1:Raw:bytes
meta.v1.LabelSelector 1:matchLabels{} 2:matchExpressions:meta.v1.LabelSelectorRequirement[]
meta.v1.LabelSelectorRequirement 1:key 2:operator 3:values[]
meta.v1.ManagedFieldsEntry 1:manager 2:operation 3:apiVersion 4:time:meta.v1.Time 6:fieldsType 7:fieldsV1:meta.v1.FieldsV1
meta.v1.MicroTime 1:seconds:int64 2:nanos:int32
meta.v1.ObjectMeta 1:name 2:generateName 3:namespace 4:selfLink 5:uid 6:resourceVersion 7:generation:int64 8:creationTimestamp:meta.v1.Time 9:deletionTimestamp:meta.v1.Time 10:deletionGracePeriodSeconds:int64 11:labels{} 12:annotations{} 13:ownerReferences:meta.v1.OwnerReference[] 14:finalizers[] 15:clusterName 17:managedFields:meta.v1.ManagedFieldsEntry[]
meta.v1.OwnerReference 5:apiVersion 1:kind 3:name 4:uid 6:controller:bool 7:blockOwnerDeletion:bool
meta.v1.Preconditions 1:uid 2:resourceVersion
meta.v1.Time 1:seconds:int64 2:nanos:int32
networking.v1.HTTPIngressPath 1:path 3:pathType 2:backend:networking.v1.IngressBackend
networking.v1.HTTPIngressRuleValue 1:paths:networking.v1.HTTPIngressPath[]
networking.v1.Ingress 1:metadata:meta.v1.ObjectMeta 2:spec:networking.v1.IngressSpec 3:status:opaque
networking.v1.IngressBackend 4:service:networking.v1.IngressServiceBackend 3:resource:core.v1.TypedLocalObjectReference
networking.v1.IngressRule 1:host 2:ingressRuleValue:networking.v1.IngressRuleValue
networking.v1.IngressRuleValue 1:http:networking.v1.HTTPIngressRuleValue
networking.v1.IngressServiceBackend 1:name 2:port:networking.v1.ServiceBackendPort
networking.v1.IngressSpec 4:ingressClassName 1:defaultBackend:networking.v1.IngressBackend 2:tls:networking.v1.IngressTLS[] 3:rules:networking.v1.IngressRule[]
networking.v1.IngressTLS 1:hosts[] 2:secretName
networking.v1.ServiceBackendPort 1:name 2:number:int32
policy.v1.Eviction 1:metadata:meta.v1.ObjectMeta 2:deleteOptions:meta.v1.DeleteOptions
policy.v1.PodDisruptionBudget 1:metadata:meta.v1.ObjectMeta 2:spec:policy.v1.PodDisruptionBudgetSpec 3:status:opaque
policy.v1.PodDisruptionBudgetSpec 1:minAvailable:intstr.IntOrString 2:selector:meta.v1.LabelSelector 3:maxUnavailable:intstr.IntOrString
rbac.v1.AggregationRule 1:clusterRoleSelectors:meta.v1.LabelSelector[]
rbac.v1.ClusterRole 1:metadata:meta.v1.ObjectMeta 2:rules:rbac.v1.PolicyRule[] 3:aggregationRule:rbac.v1.AggregationRule
rbac.v1.ClusterRoleBinding 1:metadata:meta.v1.ObjectMeta 2:subjects:rbac.v1.Subject[] 3:roleRef:rbac.v1.RoleRef
rbac.v1.PolicyRule 1:verbs[] 2:apiGroups[] 3:resources[] 4:resourceNames[] 5:nonResourceURLs[]
rbac.v1.Role 1:metadata:meta.v1.ObjectMeta 2:rules:rbac.v1.PolicyRule[]
rbac.v1.RoleBinding 1:metadata:meta.v1.ObjectMeta 2:subjects:rbac.v1.Subject[] 3:roleRef:rbac.v1.RoleRef
rbac.v1.RoleRef 1:apiGroup 2:kind 3:name
rbac.v1.Subject 1:kind 2:apiGroup 3:name 4:namespace
resource.Quantity 1:string
scheduling.v1.PriorityClass 1:metadata:meta.v1.ObjectMeta 2:value:int32 3:globalDefault:bool 4:description 5:preemptionPolicy
`
