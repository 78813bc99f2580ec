/**
 * Ways to get around the rules of a Kubernetes target, each as it goes over the wire. Reads are allowed, but no secrets and
 * nothing in kube-system; in the namespace `writable` changes are allowed too, but nothing privileged.
 */
export interface KubeEvasion {
  readonly name: string
  readonly method?: string
  /** Behind the target's prefix, unless `target` is given. */
  readonly path?: string
  /** The whole request target. */
  readonly target?: string
  readonly headers?: readonly string[]
  readonly body?: string | Buffer
  /** Instead of all that: everything behind the usual request line and headers. */
  readonly raw?: (line: RawParts) => string
  /** It may come to the API server, but only as the gateway sends it: this stands in nothing that it got. */
  readonly arrivesWithout?: RegExp
}

export interface RawParts {
  readonly token: string
  readonly host: string
}

const get = (name: string, path: string): KubeEvasion => ({ name, path })

const PATHS: readonly KubeEvasion[] = [
  ['secrets of all namespaces', '/api/v1/secrets'], ['secrets of one', '/api/v1/namespaces/default/secrets'], ['one secret', '/api/v1/namespaces/default/secrets/db'],
  ['by the old watch path', '/api/v1/watch/secrets'], ['by the old watch path in a namespace', '/api/v1/watch/namespaces/default/secrets'],
  ['one by the old watch path', '/api/v1/watch/namespaces/default/secrets/db'], ['as a watch', '/api/v1/secrets?watch=true'],
  ['as a list of one', '/api/v1/secrets?fieldSelector=metadata.name%3Ddb'], ['with a slash behind', '/api/v1/namespaces/default/secrets/db/'],
  ['two slashes in front', '//api/v1/secrets'], ['two slashes', '/api//v1/secrets'], ['two slashes before the resource', '/api/v1//secrets'],
  ['climbing', '/api/v1/pods/../secrets'], ['standing still', '/api/v1/./secrets'], ['climbing, encoded', '/api/v1/pods/%2e%2e/secrets'],
  ['climbing, half encoded', '/api/v1/pods/.%2e/secrets'], ['climbing by an encoded slash', '/api/v1/pods%2f..%2fsecrets'], ['an encoded slash', '/api/v1/namespaces/default%2fsecrets'],
  ['only encoded slashes', '/api/v1/namespaces%2Fdefault%2Fsecrets'], ['a letter encoded', '/api/v1/%73ecrets'], ['another letter encoded', '/api/v1/s%65crets/'],
  ['the prefix encoded', '/%61pi/v1/secrets'], ['the version encoded', '/api/%761/secrets'], ['encoded twice', '/api/v1/%2573ecrets'], ['encoded slash, twice', '/api/v1/pods%252fsecrets'],
  ['a path parameter', '/api/v1/;x/secrets'], ['a path parameter behind', '/api/v1/secrets;x=1'], ['a path parameter, encoded', '/api/v1/secrets%3bx'],
  ['a backslash', '/api/v1\\secrets'], ['a backslash, encoded', '/api/v1%5csecrets'], ['a NUL behind', '/api/v1/secrets%00'], ['a line end behind', '/api/v1/secrets%0d%0aX:%20y'],
  ['a fragment', '/api/v1/secrets#x'], ['a fragment in the query', '/api/v1/pods?x#/secrets'], ['overlong UTF-8', '/api/v1/%c0%ae%c0%ae/secrets'], ['IIS encoding', '/api/v1/%u0073ecrets'],
  ['full-width letters', '/api/v1/%ef%bd%93ecrets'], ['a control character', '/api/v1/secrets%07'], ['a space', '/api/v1/secrets%20'], ['a tab', '/api/v1/secrets%09'],
  ['an unfinished encoding', '/api/v1/secrets%2'], ['kube-system', '/api/v1/namespaces/kube-system/pods'], ['kube-system itself', '/api/v1/namespaces/kube-system'],
  ['kube-system, encoded', '/api/v1/namespaces/kube-syste%6d/pods'], ['kube-system by its status', '/api/v1/namespaces/kube-system/status'],
  ['a long way round', '/api/v1/namespaces/default/pods/x/../../secrets'], ['beyond the prefix', '/../api/v1/secrets'], ['the target by an encoded slash', '%2fapi/v1/secrets'],
].map(([name = '', path = '']) => get(`secrets: ${name}`, path))

const OTHER_TARGETS: readonly KubeEvasion[] = [
  { name: 'absolute form', target: 'https://127.0.0.1/cluster/api/v1/secrets' },
  { name: 'absolute form to somebody else', target: 'http://example.com/api/v1/secrets' },
  { name: 'asterisk form', method: 'OPTIONS', target: '*' },
  { name: 'authority form', method: 'CONNECT', target: '127.0.0.1:443' },
  { name: 'no path', target: 'api/v1/secrets' },
  { name: 'another target that climbs', target: '/other/../cluster/api/v1/secrets' },
  { name: 'a target that does not exist', target: '/nowhere/api/v1/pods' },
  { name: 'secrets without the prefix', target: '/api/v1/secrets' },
]

const exec = '/api/v1/namespaces/default/pods/web/exec?command=rm&command=-rf&command=/'
const SUBRESOURCES: readonly KubeEvasion[] = [
  get('exec as GET', exec), { name: 'exec as HEAD', method: 'HEAD', path: exec }, { name: 'exec as POST', method: 'POST', path: exec },
  get('exec without a command', '/api/v1/namespaces/default/pods/web/exec'),
  get('exec of a shell that reads', '/api/v1/namespaces/default/pods/web/exec?command=sh&stdin=true'),
  get('exec that hides its command', '/api/v1/namespaces/default/pods/web/exec?command=sh&command=-c&command=$(echo%20rm)%20-rf%20/'),
  get('attach as GET', '/api/v1/namespaces/default/pods/web/attach'), get('port-forward as GET', '/api/v1/namespaces/default/pods/web/portforward?ports=80'),
  get('a pod by proxy', '/api/v1/namespaces/default/pods/web/proxy/'), get('a service by proxy', '/api/v1/namespaces/default/services/https:web:443/proxy/admin'),
  get('the kubelet by proxy', '/api/v1/nodes/node-1/proxy/pods'), get('exec by the kubelet', '/api/v1/nodes/node-1/proxy/exec/default/web/main?command=id'),
  get('the old proxy path', '/api/v1/proxy/nodes/node-1/pods'), get('the old proxy path of a service', '/api/v1/proxy/namespaces/default/services/web'),
  get('a subresource that nobody knows', '/api/v1/namespaces/default/pods/web/console'), get('a console of an extension', '/apis/subresources.kubevirt.io/v1/namespaces/default/virtualmachineinstances/vm/console'),
  get('something behind a subresource', '/api/v1/namespaces/default/pods/web/log/x'),
  ...['POST serviceaccounts/robot/token', 'POST pods/web/eviction', 'POST pods/web/binding', 'POST bindings', 'PUT deployments/web/scale', 'PATCH pods/web/ephemeralcontainers',
    'PATCH pods/web/status', 'PUT pods/web/resize'].map((line): KubeEvasion => {
    const [method = '', rest = ''] = line.split(' ')
    return { name: line, method, path: `/api/v1/namespaces/default/${rest}`, body: '{}' }
  }),
  { name: 'approve a certificate', method: 'PUT', path: '/apis/certificates.k8s.io/v1/certificatesigningrequests/x/approval', body: '{}' },
]

const VERBS: readonly KubeEvasion[] = [
  { name: 'create', method: 'POST', path: '/api/v1/namespaces/default/pods', body: '{}' }, { name: 'update', method: 'PUT', path: '/api/v1/namespaces/default/pods/web', body: '{}' },
  { name: 'patch', method: 'PATCH', path: '/api/v1/namespaces/default/pods/web', body: '{}', headers: ['content-type: application/merge-patch+json'] },
  { name: 'patch as a dry run', method: 'PATCH', path: '/api/v1/namespaces/default/pods/web?dryRun=All', body: '{}', headers: ['content-type: application/merge-patch+json'] },
  { name: 'delete', method: 'DELETE', path: '/api/v1/namespaces/default/pods/web' }, { name: 'delete all', method: 'DELETE', path: '/api/v1/pods' },
  { name: 'create with another resource in the name', method: 'POST', path: '/api/v1/namespaces/writable/pods/web', body: '{}' },
  { name: 'ask whose a token is', method: 'POST', path: '/apis/authentication.k8s.io/v1/tokenreviews', body: '{}' },
  { name: 'an override of the method', method: 'POST', path: '/api/v1/pods', headers: ['x-http-method-override: GET'] },
  { name: 'an override of a read', path: '/api/v1/pods', headers: ['X-HTTP-Method-Override: DELETE'] },
  { name: 'lower-case method', method: 'get', path: '/api/v1/pods' }, { name: 'PROPFIND', method: 'PROPFIND', path: '/api/v1/pods' }, { name: 'TRACE', method: 'TRACE', path: '/api/v1/pods' },
  { name: 'OPTIONS', method: 'OPTIONS', path: '/api/v1/pods' }, { name: 'no method at all', method: '', path: '/api/v1/pods' },
  get('profiling', '/debug/pprof/heap'), get('logs of the node', '/logs/kube-apiserver.log'), { name: 'POST to a path of discovery', method: 'POST', path: '/version' },
]

const QUERIES: readonly KubeEvasion[] = [
  get('watch twice', '/api/v1/pods?watch=0&watch=1'), get('watch twice in two cases', '/api/v1/pods?watch=0&WATCH=1'), get('a semicolon in the query', '/api/v1/pods?limit=1;watch=true'),
  get('a broken encoding in the query', '/api/v1/pods?limit=%zz'), get('a NUL in the query', '/api/v1/pods?labelSelector=%00'), get('no UTF-8 in the query', '/api/v1/pods?labelSelector=%ff'),
  { name: 'a dry run that is none', method: 'PATCH', path: '/api/v1/namespaces/writable/pods/web?dryRun=All&dryRun=None', body: '{}', headers: ['content-type: application/merge-patch+json'] },
  { name: 'two selectors', method: 'DELETE', path: '/api/v1/namespaces/writable/pods?labelSelector=a&labelSelector=' },
]

const clean = (name: string, header: string, absent: RegExp): KubeEvasion => ({ name, path: '/api/v1/pods', headers: [header], arrivesWithout: absent })
const HEADERS: readonly KubeEvasion[] = [
  { name: 'impersonate a user', path: '/api/v1/pods', headers: ['Impersonate-User: admin'] }, { name: 'impersonate a group', path: '/api/v1/pods', headers: ['Impersonate-Group: system:masters'] },
  { name: 'impersonate by extra', path: '/api/v1/pods', headers: ['Impersonate-Extra-Scopes: all'] }, { name: 'impersonate in capitals', path: '/api/v1/pods', headers: ['IMPERSONATE-UID: 1'] },
  { name: 'two tokens', path: '/api/v1/pods', headers: ['Authorization: Bearer other'] }, { name: 'two hosts', path: '/api/v1/pods', headers: ['Host: other'] },
  clean('a user of a proxy', 'X-Remote-User: admin', /x-remote-user|admin/i), clean('a group of a proxy', 'X-Remote-Group: system:masters', /x-remote|masters/i),
  clean('forwarded for', 'X-Forwarded-For: 10.0.0.1', /forwarded/i), clean('forwarded', 'Forwarded: for=10.0.0.1', /forwarded/i), clean('a cookie', 'Cookie: session=1', /cookie/i),
  clean('a token for proxies', 'Proxy-Authorization: Bearer x', /proxy-/i), clean('the gateway\'s token named hop-by-hop', 'Connection: authorization', /connection: authorization/i),
  clean('a header named hop-by-hop', 'Connection: close, x-remote-user', /remote/i), clean('accept by another name', 'X-Accept: application/vnd.kubernetes.protobuf', /protobuf/i),
  clean('an encoding that nobody masks', 'Accept-Encoding: gzip', /gzip/i), clean('protobuf', 'Accept: application/vnd.kubernetes.protobuf', /protobuf/i),
  clean('CBOR before JSON', 'Accept: application/cbor, application/json', /cbor/i), clean('protobuf in other letters', 'Accept: Application/Vnd.Kubernetes.Protobuf;q=1, */*', /protobuf/i),
  clean('a range', 'Range: bytes=0-10', /range/i), clean('a trailer', 'TE: trailers', /\bte:/i),
]

const request = ({ token, host }: RawParts, line: string, headers: readonly string[], body = ''): string =>
  `${line}\r\nHost: ${host}\r\nAuthorization: Bearer ${token}\r\n${headers.map((header) => `${header}\r\n`).join('')}\r\n${body}`
const smuggled = 'DELETE /api/v1/namespaces/default/pods/web HTTP/1.1\r\nHost: x\r\n\r\n'
const post = 'POST /cluster/api/v1/namespaces/writable/pods HTTP/1.1'
const DESYNC: readonly KubeEvasion[] = [
  { name: 'both lengths', raw: (parts) => request(parts, post, ['Content-Length: 4', 'Transfer-Encoding: chunked', 'Content-Type: application/json'], `0\r\n\r\n${smuggled}`) },
  { name: 'two lengths', raw: (parts) => request(parts, post, ['Content-Length: 2', 'Content-Length: 80', 'Content-Type: application/json'], `{}${smuggled}`) },
  { name: 'a length with a sign', raw: (parts) => request(parts, post, ['Content-Length: +2'], `{}${smuggled}`) },
  { name: 'an unknown transfer encoding', raw: (parts) => request(parts, post, ['Transfer-Encoding: xchunked'], `0\r\n\r\n${smuggled}`) },
  { name: 'chunked twice', raw: (parts) => request(parts, post, ['Transfer-Encoding: chunked, chunked'], `0\r\n\r\n${smuggled}`) },
  { name: 'identity behind chunked', raw: (parts) => request(parts, post, ['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'], `0\r\n\r\n${smuggled}`) },
  { name: 'a space before the colon', raw: (parts) => request(parts, post, ['Transfer-Encoding : chunked', 'Content-Length: 2'], `{}${smuggled}`) },
  { name: 'a folded header', raw: (parts) => request(parts, post, ['Content-Length: 2', 'X: a\r\n Transfer-Encoding: chunked'], `{}${smuggled}`) },
  { name: 'a chunk size that overflows', raw: (parts) => request(parts, post, ['Transfer-Encoding: chunked'], `fffffffffffffffff1\r\n{}\r\n0\r\n\r\n`) },
  { name: 'line feeds alone', raw: (parts) => request(parts, post, ['Content-Length: 2'], '{}').replaceAll('\r\n', '\n') },
  { name: 'a request in the body of a GET', raw: (parts) => request(parts, 'GET /cluster/api/v1/pods HTTP/1.1', [`Content-Length: ${smuggled.length}`], smuggled) },
  { name: 'a request behind a refused one', raw: (parts) => request(parts, 'DELETE /cluster/api/v1/namespaces/default/pods/web HTTP/1.1', [], smuggled) },
  { name: 'a NUL in a header', raw: (parts) => request(parts, 'GET /cluster/api/v1/pods HTTP/1.1', ['X: a\0b']) },
  { name: 'HTTP/0.9', raw: () => 'GET /cluster/api/v1/secrets\r\n\r\n' },
  { name: 'HTTP/3', raw: (parts) => request(parts, 'GET /cluster/api/v1/pods HTTP/3.0', []) },
  { name: 'no host', raw: ({ token }) => `GET /cluster/api/v1/pods HTTP/1.1\r\nAuthorization: Bearer ${token}\r\n\r\n` },
  { name: 'no token', raw: ({ host }) => `GET /cluster/api/v1/pods HTTP/1.1\r\nHost: ${host}\r\n\r\n` },
  { name: 'a token by Basic', raw: ({ token, host }) => `GET /cluster/api/v1/pods HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Basic ${Buffer.from(`x:${token}`).toString('base64')}\r\n\r\n` },
  { name: 'a token in the query', raw: ({ token, host }) => `GET /cluster/api/v1/pods?access_token=${token} HTTP/1.1\r\nHost: ${host}\r\n\r\n` },
  { name: 'a token that is none', raw: ({ host }) => `GET /cluster/api/v1/pods HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer eyJhbGciOiJub25lIn0.e30.\r\n\r\n` },
  { name: 'a head that never ends', raw: (parts) => request(parts, 'GET /cluster/api/v1/pods HTTP/1.1', Array.from({ length: 2_000 }, (_, at) => `x-${at}: ${'a'.repeat(40)}`)) },
]

const websocket = (...more: string[]): string[] => ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==', ...more]
const channel = 'Sec-WebSocket-Protocol: v4.channel.k8s.io'
const execRead = '/api/v1/namespaces/default/pods/tools/exec?command=ls&stdout=true'
const token = '/api/v1/namespaces/default/pods/web/exec?command=cat&command=/var/run/secrets/kubernetes.io/serviceaccount/token&stdout=true'
const UPGRADES: readonly KubeEvasion[] = [
  { name: 'a WebSocket for a list', path: '/api/v1/pods', headers: websocket(channel) }, { name: 'a WebSocket for a watch of secrets', path: '/api/v1/secrets?watch=true', headers: websocket(channel) },
  { name: 'a WebSocket for discovery', path: '/version', headers: websocket(channel) }, { name: 'a WebSocket by proxy', path: '/api/v1/nodes/node-1/proxy/exec', headers: websocket(channel) },
  { name: 'SPDY by proxy', method: 'POST', path: '/api/v1/nodes/node-1/proxy/exec', headers: ['Connection: Upgrade', 'Upgrade: SPDY/3.1', 'X-Stream-Protocol-Version: v4.channel.k8s.io'] },
  { name: 'a WebSocket without a key', path: execRead, headers: websocket(channel).filter((header) => !header.includes('Key')) },
  { name: 'only a token as subprotocol', path: execRead, headers: websocket('Sec-WebSocket-Protocol: base64url.bearer.authorization.k8s.io.YWRtaW4') },
  { name: 'a token as subprotocol in place of one', raw: ({ host, token }) => `GET /cluster${execRead} HTTP/1.1\r\nHost: ${host}\r\n${websocket(`Sec-WebSocket-Protocol: base64url.bearer.authorization.k8s.io.${Buffer.from(token).toString('base64url')}, v4.channel.k8s.io`).join('\r\n')}\r\n\r\n` },
  { name: 'a token as subprotocol besides', path: execRead, headers: websocket('Sec-WebSocket-Protocol: base64url.bearer.authorization.k8s.io.YWRtaW4, v4.channel.k8s.io'), arrivesWithout: /bearer\.authorization|YWRtaW4/ },
  { name: 'an extension that hides frames', path: execRead, headers: websocket(channel, 'Sec-WebSocket-Extensions: permessage-deflate'), arrivesWithout: /extensions|deflate/i },
  { name: 'impersonation with an upgrade', path: execRead, headers: websocket(channel, 'Impersonate-User: admin') },
  { name: 'an upgrade with a body', path: execRead, headers: websocket(channel, 'Content-Length: 5'), body: 'hello' },
  { name: 'an upgrade with chunks', path: execRead, headers: websocket(channel, 'Transfer-Encoding: chunked'), body: '0\r\n\r\n' },
  { name: 'a request behind an upgrade', path: '/api/v1/pods', headers: websocket(channel), body: smuggled },
  { name: 'bytes before the answer', path: execRead, headers: websocket(channel), body: smuggled },
  { name: 'HTTP/2 in the clear', path: '/api/v1/pods', headers: ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'] },
  { name: 'two protocols', path: execRead, headers: ['Connection: Upgrade', 'Upgrade: websocket, tcp', channel] }, { name: 'any protocol', path: execRead, headers: ['Connection: Upgrade', 'Upgrade: tcp'] },
  { name: 'exec that removes, by WebSocket', path: exec, headers: websocket(channel) },
  { name: 'exec that removes, by SPDY', method: 'POST', path: exec, headers: ['Connection: Upgrade', 'Upgrade: SPDY/3.1', 'X-Stream-Protocol-Version: v4.channel.k8s.io'] },
  { name: 'a token that a pod was given, by WebSocket', path: token, headers: websocket(channel) }, { name: 'a secret that a pod was given, as GET', path: token },
  { name: 'a token that a pod was given, by SPDY', method: 'POST', path: token, headers: ['Connection: Upgrade', 'Upgrade: SPDY/3.1', 'X-Stream-Protocol-Version: v4.channel.k8s.io'] },
  { name: 'variables of a pod, by WebSocket', path: '/api/v1/namespaces/default/pods/web/exec?command=env&stdout=true', headers: websocket(channel) },
  { name: 'a shell by WebSocket', path: '/api/v1/namespaces/default/pods/web/exec?command=sh&stdin=1&tty=1', headers: websocket(channel) },
  { name: 'port-forward by WebSocket', path: '/api/v1/namespaces/default/pods/web/portforward', headers: websocket('Sec-WebSocket-Protocol: SPDY/3.1+portforward.k8s.io') },
]

const options = (more: string): string => `{"kind":"DeleteOptions","apiVersion":"v1"${more}}`
/** The rule lets dry runs through, and nothing else, in this namespace. */
const tried = '/api/v1/namespaces/tried'
const TRIALS: readonly KubeEvasion[] = ([
  ['DELETE pods/web?dryRun=All', 'whose body says nothing of it', options('')], ['DELETE pods/web?dryRun=All', 'whose body says none', options(',"dryRun":[]')],
  ['DELETE pods?labelSelector=a&dryRun=All', 'of all whose body says nothing of it', options('')], ['DELETE pods/web', 'in the place of another kind', options(',"deleteOptions":{"dryRun":["All"]}')],
  ['DELETE pods/web?dryRun=None', 'with another word', options('')], ['POST pods/web/eviction', 'beside its options', '{"kind":"Eviction","apiVersion":"policy/v1","dryRun":["All"]}'],
  ['POST serviceaccounts/robot/token?dryRun=All', 'of what is never tried', '{"kind":"TokenRequest","apiVersion":"authentication.k8s.io/v1","spec":{}}'],
] as const).map(([line, name, body]): KubeEvasion => {
  const [method = '', rest = ''] = line.split(' ')
  return { name: `a dry run ${name}: ${line}`, method, path: `${tried}/${rest}`, body, headers: ['content-type: application/json'] }
})

const pods = '/api/v1/namespaces/writable/pods'
const write = (name: string, body: string | Buffer, more: Partial<KubeEvasion> = {}): KubeEvasion => ({ name, method: 'POST', path: pods, body, headers: ['content-type: application/json'], ...more })
const patch = (name: string, kind: string, body: string): KubeEvasion => write(name, body, { method: 'PATCH', path: `${pods}/web`, headers: [`content-type: application/${kind}`] })
const privileged = '{"spec":{"containers":[{"name":"a","securityContext":{"privileged":true}}]}}'
const BODIES: readonly KubeEvasion[] = [
  write('privileged', privileged), write('privileged, said twice', '{"spec":{"containers":[{"securityContext":{"privileged":true,"privileged":false}}]}}'),
  write('spec, said twice', '{"spec":{"hostNetwork":true},"spec":{}}'), write('privileged with an escape', privileged.replace('privileged', 'privileg\\u0065d')),
  write('a name after one that looks like its escape', '{"metadata":{"annotations":{"\\\\u0068os":""}},"spec":{"volumes":[{"\\u0068ostPath":{"path":"/"}}]}}'),
  write('privileged at the start', '{"spec":{"initContainers":[{"securityContext":{"privileged":true}}]}}'), write('the host\'s network', '{"spec":{"hostNetwork":true}}'),
  write('the host\'s processes', '{"spec":{"hostPID":true}}'), write('a path of the host', '{"spec":{"volumes":[{"name":"x","hostPath":{"path":"/"}}]}}'),
  write('in a template', `{"spec":{"template":${privileged}}}`, { path: '/apis/apps/v1/namespaces/writable/deployments' }),
  write('in a template of a template', `{"spec":{"jobTemplate":{"spec":{"template":${privileged}}}}}`, { path: '/apis/batch/v1/namespaces/writable/cronjobs' }),
  write('in an object of an extension', `{"spec":{"steps":[{"pod":${privileged}}]}}`, { path: '/apis/example.com/v1/namespaces/writable/workflows' }),
  patch('by merge patch', 'merge-patch+json', privileged), patch('by strategic merge patch', 'strategic-merge-patch+json', privileged), patch('by server-side apply', 'apply-patch+yaml', privileged),
  patch('by JSON patch', 'json-patch+json', '[{"op":"add","path":"/spec/containers/0/securityContext/privileged","value":true}]'),
  patch('by JSON patch, replaced', 'json-patch+json', '[{"op":"replace","path":"/spec/containers/0/securityContext","value":{"privileged":true}}]'),
  patch('by JSON patch, a volume', 'json-patch+json', '[{"op":"add","path":"/spec/volumes/0/hostPath/path","value":"/"}]'),
  patch('by JSON patch, copied', 'json-patch+json', '[{"op":"copy","from":"/spec/containers/0/stdin","path":"/spec/containers/0/securityContext/privileged"}]'),
  patch('by JSON patch, moved', 'json-patch+json', '[{"op":"move","from":"/spec/containers/0/stdin","path":"/spec/hostNetwork"}]'),
  patch('by JSON patch in YAML', 'json-patch+json', '- op: add\n  path: /spec/hostNetwork\n  value: true\n'), patch('YAML', 'apply-patch+yaml', 'spec: {hostNetwork: yes}\n'),
  write('YAML as JSON', 'spec: {hostNetwork: true}'),
  ...([
    ['said plainly', 'spec:\n  hostNetwork: true\n'], ['a word of YAML 1.1', 'spec:\n  hostNetwork: yes\n'], ['another word of YAML 1.1', 'spec: {hostPID: On}'], ['an alias', 'a: &x true\nspec:\n  hostNetwork: *x\n'],
    ['a merge key', 'a: &x {hostNetwork: true}\nspec:\n  <<: *x\n'], ['a tag', 'spec:\n  hostNetwork: !!bool "true"\n'], ['a name said twice', 'spec:\n  hostNetwork: true\nspec: {}\n'], ['a name said twice, quoted', 'spec: {}\n"spec": {hostNetwork: true}\n'],
    ['a name with an escape', '"sp\\x65c":\n  "hostNetwor\\u006b": true\n'], ['two documents', 'spec: {}\n---\nspec: {hostNetwork: true}\n'], ['a directive', '%YAML 1.1\n---\nspec: {hostNetwork: yes}\n'], ['a name of several lines', '? >-\n  spec\n: {hostNetwork: true}\n'],
    ['a comment that ends early', 'spec: {} #\u0085hostNetwork: true\n'], ['a line end of YAML 1.1', 'a: "\u2028"\nspec: {}\n'], ['aliases without end', 'a: &a [*a, *a]\n'], ['JSON with a name twice', '{"spec":{"hostNetwork":true},"spec":{}}'],
  ] as const).flatMap(([name, yaml]) => [
    write(`YAML: ${name}`, yaml, { headers: ['content-type: application/yaml'] }), patch(`YAML as an apply: ${name}`, 'apply-patch+yaml', yaml),
  ]),
  write('JSON behind a mark', `\uFEFF${privileged}`), write('UTF-16', Buffer.from(privileged, 'utf16le'), { headers: ['content-type: application/json; charset=utf-16'] }),
  write('two documents', `{}\n${privileged}`), write('a comment', `/* */ ${privileged}`), write('compressed', Buffer.from('H4sIAAAAAAAAA6uuBQBDv6ajAgAAAA==', 'base64'), { headers: ['content-type: application/json', 'content-encoding: gzip'] }),
  write('nested without end', `${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`), write('larger than the API server takes', `{"a":"${'x'.repeat(3_400_000)}"}`),
  write('JSON said to be protobuf', privileged, { headers: ['content-type: application/vnd.kubernetes.protobuf'] }), write('a type of its own', privileged, { headers: ['content-type: application/x-json'] }),
  write('no type, and YAML', 'spec: {hostPID: true}', { headers: [] }),
  ...Object.entries({
    'a variable': '{"spec":{"containers":[{"env":[{"valueFrom":{"secretKeyRef":{"name":"db","key":"password"}}}]}]}}', 'all variables': '{"spec":{"initContainers":[{"envFrom":[{"secretRef":{"name":"db"}}]}]}}',
    'a volume': '{"spec":{"volumes":[{"secret":{"secretName":"db"}}]}}', 'a volume of several': '{"spec":{"volumes":[{"projected":{"sources":[{"secret":{"name":"db"}}]}}]}}', 'a driver': '{"spec":{"volumes":[{"csi":{"nodePublishSecretRef":{"name":"db"},"x":{"secretRef":{"name":"db"}}}}]}}',
  }).flatMap(([name, body]) => [write(`a secret by ${name} of a pod`, body), patch(`a secret by ${name} of a pod, patched`, 'strategic-merge-patch+json', body)]),
  patch('a secret by JSON patch', 'json-patch+json', '[{"op":"add","path":"/spec/containers/0/env/0/valueFrom/secretKeyRef/name","value":"db"}]'),
  patch('a secret by an apply in YAML', 'apply-patch+yaml', 'spec:\n  volumes:\n  - name: x\n    secret: {secretName: db}\n'),
  write('everything to everybody', '{"roleRef":{"name":"cluster-admin"},"subjects":[]}', { path: '/apis/rbac.authorization.k8s.io/v1/namespaces/writable/rolebindings' }),
  write('a role that hands on more than it has', '{"rules":[{"verbs":["escalate"],"resources":["roles"]}]}', { path: '/apis/rbac.authorization.k8s.io/v1/namespaces/writable/roles' }),
  write('a role with everything', '{"rules":[{"verbs":["*"],"resources":["pods"]}]}', { path: '/apis/rbac.authorization.k8s.io/v1/namespaces/writable/roles' }),
]

export const KUBE_EVASIONS: readonly KubeEvasion[] = [...PATHS, ...OTHER_TARGETS, ...SUBRESOURCES, ...VERBS, ...QUERIES, ...HEADERS, ...DESYNC, ...UPGRADES, ...TRIALS, ...BODIES]

export const EVASION_POLICY = `masks: []
rules:
  - { name: no-secrets, when: 'operation.objects.exists(o, o.contains("/secrets"))', then: deny, message: agents read no secrets }
  - { name: no-system, when: 'operation.objects.exists(o, o.startsWith("kube-system/"))', then: deny }
  - name: no-power
    when: 'operation.actions.exists(a, a in ["privileged", "host-path", "host-network", "host-pid", "host-ipc", "escalate", "use-secret"])'
    then: deny
    message: nothing gets power over the node or the cluster
  - { name: reads, when: operation.readOnly, then: allow }
  - { name: trials, when: '"dry-run" in operation.actions && operation.objects.exists(o, o.startsWith("tried/"))', then: allow }
  - { name: tools, when: '!operation.unknown && operation.objects.exists(o, o == "default/pods/tools/exec")', then: allow }
  - { name: writes, when: '!operation.unknown && "write" in operation.actions && operation.objects.exists(o, o.startsWith("writable/"))', then: allow }
`
