/** Clients of other systems: containers, clusters, databases. What they only read is known; the rest is not. */
import type { Handler, Programs } from './call.ts'
import { alone, exact } from './program-kinds.ts'

const words = (args: Parameters<Handler>[0]['args']) => args.map(({ value }) => value)

/** The first words read, with any options after them that are constant and not among `not`. */
const reading = (reads: readonly string[], not: readonly string[] = []): Handler => ({ name, args, findings }) => {
  const values = words(args)
  const verb = values[0]
  const two = `${verb ?? ''} ${values[1] ?? ''}`
  const known = values.every((value) => value !== undefined && !not.some((one) => value === one || value.startsWith(`${one}=`)))
  if (known && verb !== undefined && (reads.includes(verb) || reads.includes(two))) findings.read()
  else findings.execute(`what ${name} does with these words is not known here`)
}

const DOCKER = ['ps', 'images', 'logs', 'inspect', 'version', 'info', 'stats', 'top', 'port', 'history', 'search', 'diff', 'container ls', 'container list', 'container inspect', 'container logs', 'container ps', 'container top', 'container stats', 'image ls', 'image list', 'image inspect', 'image history', 'volume ls', 'volume inspect',
  'network ls', 'network inspect', 'system df', 'system info', 'service ls', 'service ps', 'service logs', 'node ls', 'stack ls', 'stack ps', 'context ls', 'compose ps', 'compose logs', 'compose images', 'compose ls', 'compose top', 'compose version']

const CONTAINER_ACTIONS: Readonly<Record<string, string>> = { rm: 'remove', rmi: 'remove', stop: 'stop', kill: 'kill', start: 'start', restart: 'restart', pause: 'stop', unpause: 'start', rename: 'rename', pull: 'fetch', push: 'send' }

const containers: Handler = (given) => {
  const call = { ...given, args: composeWords(given.args) }
  const { args, findings } = call
  const [verb, ...rest] = words(args)
  if (verb !== undefined && Object.hasOwn(CONTAINER_ACTIONS, verb)) {
    findings.change(CONTAINER_ACTIONS[verb] ?? 'remove', rest.filter((value) => value !== undefined && !value.startsWith('-')).map((value) => `container:${value}`))
  } else if (rest[0] === 'prune' || rest[0] === 'rm' || (verb === 'compose' && rest.includes('down'))) {
    findings.change('remove')
    findings.unfiltered()
  } else reading(DOCKER)(call)
}

const KUBECTL: ReadonlySet<string> = new Set(['get', 'describe', 'logs', 'top', 'version', 'explain', 'api-resources', 'api-versions', 'cluster-info', 'events', 'config view', 'config current-context', 'config get-contexts', 'rollout status', 'rollout history', 'auth can-i', 'auth whoami'])

/** Not those that name another server, another configuration, or a file to write: what is sent there is the login's token. */
const KUBECTL_OPTIONS = 'n|namespace: A|all-namespaces o|output: l|selector: L|label-columns: w|watch watch-only f|follow c|container: p|previous tail: since: since-time: timestamps? all-containers? prefix? context: cluster: user: sort-by: field-selector: show-labels? no-headers? show-kind? ' +
  'show-managed-fields? show-events? chunk-size: ignore-not-found? R|recursive? h|help v: request-timeout: limit-bytes: max-log-requests: client? short? output-watch-events? minify? flatten? subresource: timeout: revision: list q|quiet? api-group: api-version: namespaced: verbs: categories: cached? types: for: containers? sum? template:'

const kubectl = exact(KUBECTL_OPTIONS, ({ operands }, { findings }) => {
  const [verb, second] = operands.map(({ value }) => value)
  const known = verb !== undefined && (KUBECTL.has(verb) || KUBECTL.has(`${verb} ${second ?? ''}`)) && !(verb === 'cluster-info' && operands.length > 1)
  if (known && operands.every(({ kind }) => kind !== 'list')) findings.read()
  else findings.execute('what kubectl does with these words is not known here')
})

/** Before the verb of compose, with a value each. */
const COMPOSE: ReadonlySet<string> = new Set(['-f', '--file', '-p', '--project-name', '--profile', '--env-file', '--project-directory'])

/** Without what says which project it is about. */
function composeWords(args: Parameters<Handler>[0]['args']): Parameters<Handler>[0]['args'] {
  const [compose, option, value, ...others] = args
  if (compose?.value !== 'compose' || option?.value === undefined || !COMPOSE.has(option.value) || value?.value === undefined) return args
  return composeWords([compose, ...others])
}

export const CONTAINERS: Programs = {
  docker: containers, podman: containers, nerdctl: containers, crictl: reading(['ps', 'images', 'logs', 'inspect', 'pods', 'stats', 'version', 'info']), ctr: reading(['version']), 'docker-compose': reading(['ps', 'logs', 'images', 'top', 'version']),
  kubectl, oc: kubectl,
  virsh: reading(['list', 'dominfo', 'nodeinfo', 'version']), lxc: reading(['list', 'info']), aws: ({ findings }) => findings.execute('what aws does is not known here'),
  psql: ({ findings }) => findings.execute('what psql runs is not known here: connect to the database through its own target'), mysql: ({ findings }) => findings.execute('what mysql runs is not known here: connect to the database through its own target'),
  pg_isready: ({ findings }) => findings.read(), 'redis-cli': ({ args, findings }) => {
    if (args.length === 1 && ['ping', 'info', 'PING', 'INFO', 'dbsize', 'DBSIZE'].includes(args[0]?.value ?? '')) findings.read()
    else findings.execute('what redis-cli does with these words is not known here')
  },
  nginx: ({ args, findings }) => {
    const values = words(args)
    if (values.length === 1 && ['-t', '-T', '-v', '-V', '-tq'].includes(values[0] ?? '')) findings.read()
    else if (values[0] === '-s' && values.length === 2) findings.change(values[1] === 'reload' || values[1] === 'reopen' ? 'restart' : 'stop', ['service:nginx'])
    else findings.change('start', ['service:nginx'])
  },
  apachectl: alone('configtest', '-t', '-S', '-M', '-v', '-V', 'status'), apache2ctl: alone('configtest', '-t', '-S', '-M', '-v', '-V', 'status'), haproxy: alone('-v', '-vv'), postfix: alone('status', 'check'), postconf: alone('-n', '-d', 'mail_version'), sshd: alone('-t', '-T'), certbot: alone('certificates', '--version'),
  // With options it is sendmail.
  mailq: (call) => call.args.length === 0 ? call.findings.read() : alone('-v')(call),
}
