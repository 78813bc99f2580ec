/** What people do with kubectl all day, in an order in which it works. `NS` is the namespace that it is done in. */
export interface KubeCommand {
  readonly args: string
  readonly input?: string
  /** It changes nothing, and must pass where only reads do. */
  readonly reads?: boolean
}

const read = (args: string): KubeCommand => ({ args, reads: true })
const write = (args: string, input?: object): KubeCommand => ({ args, ...(input !== undefined && { input: JSON.stringify(input) }) })

const metadata = (name: string): object => ({ name, labels: { app: name } })
const configMap = (color: string): object => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: metadata('applied'), data: { color, size: 'large' } })
const deployment = (image: string): object => ({
  apiVersion: 'apps/v1', kind: 'Deployment', metadata: metadata('api'),
  spec: { replicas: 2, selector: { matchLabels: { app: 'api' } }, template: { metadata: { labels: { app: 'api' } }, spec: { containers: [{ name: 'api', image, env: [{ name: 'MODE', value: 'test' }] }] } } },
})

export const KUBE_COMMANDS: readonly KubeCommand[] = [
  ...['create configmap app --from-literal=color=blue --from-literal=size=large', 'create secret generic db --from-literal=password=hunter2', 'create secret docker-registry reg --docker-username=u --docker-password=p --docker-server=r.example.com',
    'create serviceaccount robot', 'create deployment web --image=nginx:1', 'create service clusterip web --tcp=80:8080', 'create service externalname out --external-name=example.com',
    'create role reader --verb=get,list --resource=pods', 'create rolebinding readers --role=reader --serviceaccount=NS:robot', 'create quota small --hard=pods=50', 'create poddisruptionbudget web --selector=app=web --min-available=1',
    'create job once --image=busybox -- echo hi', 'run web --image=nginx:1 --labels=app=web --port=80', 'run tool --image=busybox --restart=Never -- sleep 10'].map((args) => write(args)),
  write('apply -f -', configMap('blue')), write('apply -f -', configMap('green')), write('apply -f -', configMap('green')), write('apply -f -', deployment('nginx:1')), write('apply -f -', deployment('nginx:2')),
  write('apply --server-side -f -', { ...configMap('red'), metadata: metadata('served') }), write('apply --server-side -f -', { ...configMap('pink'), metadata: metadata('served') }), write('apply --dry-run=server -f -', deployment('nginx:3')),
  write('apply --dry-run=client -f -', deployment('nginx:3')), write('create -f -', { ...configMap('grey'), metadata: metadata('made') }), write('create -f -', { ...configMap('grey'), metadata: metadata('made') }),
  write('replace -f -', { ...configMap('white'), metadata: metadata('made') }),
  write('apply -f -', { apiVersion: 'v1', kind: 'List', items: [{ ...configMap('one'), metadata: metadata('one') }, { ...configMap('two'), metadata: metadata('two') }] }),
  write('create -f -', { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: 'widgets.NS.example.com' }, spec: { group: 'NS.example.com', scope: 'Namespaced', names: { plural: 'widgets', singular: 'widget', kind: 'Widget' }, versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } }] } }),
  ...['get namespaces', 'get pods', 'get pods -o wide', 'get pods -o yaml', 'get pods -o json', 'get pods -o name', 'get pods -A', 'get pod web -o yaml', 'get pod web -o jsonpath={.spec.containers[0].image}', 'get pods -l app=web', 'get pods -l app!=web',
    'get pods -l app', 'get pods --field-selector=metadata.name=web', 'get pods --field-selector=status.phase=Pending', 'get pods --show-labels', 'get pods --sort-by=.metadata.name', 'get pods -o custom-columns=N:.metadata.name', 'get pods --chunk-size=1', 'get pods -o go-template={{len(.items)}}',
    'get pod nobody', 'get pod nobody --ignore-not-found', 'get all', 'get configmaps', 'get cm app -o yaml', 'get cm/app cm/applied', 'get deploy,rs,sts,ds', 'get svc,ep', 'get serviceaccounts', 'get nodes', 'get events', 'get resourcequota', 'get limitranges', 'get pvc', 'get pv', 'get storageclasses', 'get crd',
    'get jobs,cronjobs', 'get ingress', 'get networkpolicies', 'get pdb', 'get hpa', 'get roles,rolebindings', 'get clusterroles', 'get clusterrolebinding cluster-admin -o yaml', 'get priorityclasses', 'get csr', 'get leases -A', 'get apiservices', 'get secrets', 'get secret db -o yaml', 'get secret db -o jsonpath={.data.password}',
    'get widgets', 'describe pod web', 'describe deployment web', 'describe service web', 'describe namespace NS', 'describe configmap app', 'describe serviceaccount robot', 'describe secret db', 'describe quota small', 'describe role reader', 'describe job once', 'describe pod nobody',
    'api-resources', 'api-resources --namespaced=false', 'api-resources --api-group=apps -o name', 'api-versions', 'explain pod', 'explain deployment.spec.template --recursive', 'version', 'cluster-info', 'auth can-i --list', 'auth can-i get pods', 'auth can-i delete nodes', 'rollout history deployment/web',
    'get --raw /healthz', 'get --raw /readyz', 'get --raw /version', 'get --raw /api', 'get --raw /apis', 'get --raw /apis/apps/v1', 'get --raw /api/v1/namespaces/NS/configmaps/app', 'get --raw /api/v1/namespaces/NS/pods?limit=1', 'get pods -v=0 --request-timeout=20s', 'wait --for=condition=Ready pod/web --timeout=1s', 'logs web',
    'get pods -w --request-timeout=2s', 'auth can-i create deployments', 'auth can-i get pods --subresource=log', 'auth can-i impersonate users', 'auth whoami', 'top pod', 'top node', 'wait --for=delete pod/nobody --timeout=1s', 'wait --for=condition=Available deployment/web --timeout=1s',
    'wait --for=condition=Ready pod/nobody --timeout=1s', 'rollout status deployment/web --timeout=1s', 'apply view-last-applied configmap/applied', 'get --raw /api/v1/namespaces/NS/secrets/db', 'get secrets -o jsonpath={.items[*].data}', 'get --raw /apis/metrics.k8s.io/v1beta1/pods'].map(read),
  ...['set image deployment/web nginx=nginx:2', 'set env deployment/web MODE=test', 'set resources deployment/web --limits=cpu=100m', 'set serviceaccount deployment/web robot', 'scale deployment web --replicas=3', 'autoscale deployment web --max=4', 'expose deployment web --name=exposed --port=80',
    'label pod web tier=front', 'label pod web tier=back --overwrite', 'label pod web tier-', 'annotate pod web note=hello', 'patch configmap app -p {"data":{"size":"small"}}', 'patch configmap app --type=merge -p {"data":{"size":"tiny"}}',
    'patch configmap app --type=json -p [{"op":"replace","path":"/data/size","value":"huge"}]', 'patch deployment web -p {"spec":{"replicas":1}} --dry-run=server', 'rollout restart deployment/api', 'rollout pause deployment/api', 'rollout resume deployment/api', 'diff -f -',
    'create configmap tried --from-literal=a=b --dry-run=server', 'create clusterrole tried --verb=get --resource=pods --dry-run=server', 'edit configmap app',
    'debug web --image=busybox --copy-to=web-copy --container=looking', 'debug web --image=busybox --container=looking', 'rollout undo deployment/api', 'cordon nobody', 'drain nobody', 'taint nodes nobody a=b:NoSchedule', 'certificate approve nobody', 'annotate secret db note=hello',
    'label secret db tier=back --dry-run=server', 'cp nobody:/etc/hosts /tmp/sallyport-never', 'attach nobody', 'exec nobody -- ls', 'port-forward pod/nobody 1:1'].map((args) => (args === 'diff -f -' ? write(args, configMap('blue')) : write(args))),
  ...['delete pod tool --wait=false', 'delete configmap made', 'delete configmap nobody', 'delete pods -l app=web --grace-period=0 --force', 'delete deployment,service web', 'delete job once', 'delete configmaps --all', 'delete crd widgets.NS.example.com'].map((args) => write(args)),
]
