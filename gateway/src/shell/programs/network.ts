/** Programs that reach other hosts, and what shows or changes the network. */
import { hasAny } from '../characters.ts'
import { writeTo } from '../redirections.ts'
import { constantWord } from '../shell-word.ts'
import type { ShellWord } from '../shell-word.ts'
import type { Handler, Programs } from './call.ts'
import { openssl } from './openssl.ts'
import { exact, harmless } from './program-kinds.ts'

/** `host:name:port` of a URL, or as written. */
function hostOf({ value, name }: ShellWord): string {
  const url = value === undefined ? null : URL.parse(value.includes('://') ? value : `http://${value}`)
  return `host:${url === null ? name : `${url.hostname}${url.port === '' ? '' : `:${url.port}`}`}`
}

const CURL = 's|silent S|show-error L|location f|fail i|include I|head k|insecure v|verbose g|globoff N|no-buffer 4|ipv4 6|ipv6 G|get compressed http1.1 http2 fail-with-body location-trusted j|junk-session-cookies 0|http1.0 progress-bar no-progress-meter raw fail-early retry-connrefused path-as-is sslv3 tlsv1.2 tlsv1.3 ' +
  '#|progress R|remote-time n|netrc u|user: A|user-agent: e|referer: H|header: m|max-time: connect-timeout: retry: retry-delay: retry-max-time: x|proxy: noproxy: cacert: capath: E|cert: key: resolve: connect-to: interface: url: r|range: w|write-out: y: Y: z: max-redirs: ' +
  'o|output: O|remote-name J|remote-header-name output-dir: remote-name-all create-dirs D|dump-header: c|cookie-jar: b|cookie: X|request: d|data: data-raw: data-binary: data-ascii: data-urlencode: json: F|form: form-string: T|upload-file: K|config: Q|quote: unix-socket: trace: trace-ascii: stderr: etag-save: etag-compare: abstract-unix-socket: oauth2-bearer: aws-sigv4: max-filesize: limit-rate: proto:'

const curl = exact(CURL, ({ operands, has, values }, { walk, findings }) => {
  const urls = [...operands, ...values('url')]
  findings.change('fetch', urls.map(hostOf))
  const method = values('X').map(({ value }) => value ?? '?')
  if (has('d', 'data-raw', 'data-binary', 'data-ascii', 'data-urlencode', 'json', 'F', 'form-string', 'T', 'Q') || method.some((name) => !['GET', 'HEAD', 'OPTIONS'].includes(name))) findings.change('send')
  for (const target of [...values('o'), ...values('D'), ...values('c'), ...values('trace'), ...values('trace-ascii'), ...values('stderr'), ...values('etag-save')]) if (target.value !== '-') writeTo(walk, target)
  if (has('O', 'remote-name-all')) findings.change('write', urls.map((word) => (word.value ?? '').slice((word.value ?? '').lastIndexOf('/') + 1)))
  if (has('K')) findings.execute('curl -K reads its options from a file')
  if (urls.some(({ prefix, kind }) => prefix.startsWith('file:') || kind === 'list')) findings.read()
})

const wget = exact('q|quiet v|verbose nv|no-verbose O|output-document: P|directory-prefix: c|continue S|server-response T|timeout: t|tries: U|user-agent: spider no-check-certificate post-data: post-file: method: body-data: header: user: password: N|timestamping o|output-file: a: r|recursive l: np m k K p 4 6 show-progress max-redirect: waitretry:', ({ operands, has, values }, { walk, findings }) => {
  findings.change('fetch', operands.map(hostOf))
  if (has('post-data', 'post-file', 'body-data') || values('method').some(({ value }) => value !== 'GET' && value !== 'HEAD')) findings.change('send')
  const to = values('O')
  for (const target of [...to, ...values('o'), ...values('a')]) if (target.value !== '-') writeTo(walk, target)
  if (to.length === 0 && !has('spider')) findings.change('write', values('P').length > 0 ? values('P') : [constantWord('.')])
})

/** Asks another host. */
const asks = (options: string): Handler => exact(options, ({ operands }, { findings }) => findings.change('fetch', operands.map(({ name }) => `host:${name}`)))
const connects: Handler = ({ args, findings }) => {
  const words = args.filter((word) => !word.mayBeOption)
  findings.change('send', words.slice(0, 1).map(({ name }) => `host:${name}`))
  findings.change('fetch')
}

/** As {@link connects}; what it is sent, or some options, run commands here. */
const converses: Handler = (call) => {
  connects(call)
  call.findings.execute(`${call.name} runs commands that it is sent or given with options`)
}

const netcat: Handler = (call) => {
  connects(call)
  const strange = call.args.some(({ value, prefix }) => value === undefined || prefix.startsWith('--') || (prefix.startsWith('-') && hasAny(prefix, 'ecl')))
  if (strange) call.findings.execute(`${call.name} may run a program or listen`)
}

const IP_READS: ReadonlySet<string> = new Set(['show', 'list', 'ls', 'lst', 'get', 'help', 'sh'])
const IP_OBJECTS: ReadonlySet<string> = new Set(['address', 'addr', 'a', 'ad', 'link', 'l', 'li', 'route', 'r', 'ro', 'rule', 'ru', 'neighbour', 'neighbor', 'neigh', 'n', 'ne', 'maddress', 'maddr', 'mroute', 'tunnel', 'token', 'addrlabel'])

/** Before the object, without a value each: it takes any beginning of others that have one. */
const IP_OPTIONS: ReadonlySet<string> = new Set(['-4', '-6', '-0', '-B', '-M', '-o', '-oneline', '-d', '-details', '-s', '-stats', '-statistics', '-h', '-human', '-human-readable', '-iec', '-r', '-resolve', '-br', '-brief', '-j', '-json', '-p', '-pretty', '-c', '-color', '-color=always', '-color=auto', '-color=never', '-t', '-ts', '-timestamp', '-tshort', '-N', '-Numeric', '-V', '-Version'])

const ip: Handler = ({ args, findings }) => {
  const values = args.map(({ value }) => value)
  const from = values.findIndex((value) => value === undefined || !IP_OPTIONS.has(value))
  const [object, verb] = from < 0 ? [] : values.slice(from)
  if (values.includes(undefined) || object?.startsWith('-') === true) findings.execute('ip with these options is not known here')
  else if (object === undefined || (IP_OBJECTS.has(object) && (verb === undefined || IP_READS.has(verb)))) findings.read()
  else findings.change('write', [`network:${values.filter((value) => value !== undefined && !value.startsWith('-')).join(' ')}`])
}

/** Options of nmcli that take no value, and those that do. */
const NMCLI_FLAGS: ReadonlySet<string> = new Set(['-t', '--terse', '-p', '--pretty', '-o', '--overview', '-s', '--show-secrets', '-h', '--help', '-v', '--version'])
const NMCLI_VALUED: ReadonlySet<string> = new Set(['-f', '--fields', '-g', '--get-values', '-m', '--mode', '-c', '--colors', '-e', '--escape', '-w', '--wait'])

const nmcli: Handler = ({ args, findings }) => {
  const values = args.map(({ value }) => value)
  let at = 0
  for (let value = values[at]; value !== undefined && (NMCLI_FLAGS.has(value) || NMCLI_VALUED.has(value)); value = values[at]) at += NMCLI_VALUED.has(value) ? 2 : 1
  const [object, verb] = values.slice(at)
  findings.typedBecause ??= 'on a terminal nmcli may start a pager that runs typed commands'
  if (values.includes(undefined) || object?.startsWith('-') === true) findings.execute('nmcli with these options is not known here')
  else if (verb === undefined ? object !== 'monitor' && object !== 'agent' : verb === 'show' || verb === 'status') findings.read()
  else findings.change('write', ['network'])
}

const ssh = exact('4 6 A a C f G g K k M N n q s T t V v X x Y y B: b: c: D: E: e: F: I: i: J: L: l: m: O: o: p: Q: R: S: W: w:', ({ operands, has }, { walk, findings }) => {
  const [host, ...words] = operands
  findings.change('send', host === undefined ? [] : [`host:${host.name}`])
  if (has('o', 'F', 'L', 'R', 'D', 'w', 'W', 'J', 'E', 'S', 'O', 'I', 'N', 's')) findings.execute('ssh with these options may run programs or forward')
  const values = words.map(({ value }) => value)
  if (words.length === 0) findings.change('shell')
  else if (values.every((value) => value !== undefined)) walk.runText(values.join(' '), 'login')
  findings.execute('what runs on another host is not governed here')
}, false)

export const NETWORK: Programs = {
  curl, wget, ssh, nc: netcat, ncat: netcat, netcat, 'nc.openbsd': netcat, 'nc.traditional': netcat, socat: (call) => {
    connects(call)
    call.findings.execute('socat may run programs')
  },
  telnet: converses, ftp: converses, lftp: converses, tftp: connects, sftp: converses, mail: converses, mailx: converses, sendmail: converses, msmtp: converses, swaks: converses, mosh: converses, aria2c: converses, http: converses, https: converses, openssl,
  ping: asks('c: i: W: w: s: t: I: q n 4 6 v a A D f M: p: Q: S: b d L O r R U V'), ping6: asks('c: i: W: w: s: t: I: q n v'), fping: asks('c: t: q a u e'), traceroute: asks('4 6 n m: q: w: I T U p: f: i: s:'), tracepath: asks('4 6 n b m: l: p:'), mtr: asks('r c: n w b report report-cycles: report-wide 4 6 u T P: i: j'),
  dig: asksAnything(), host: asks('4 6 a v t: c: d l r s T w W: N: R: m:'), nslookup: asksAnything(), whois: asks('h: p: H'), nmap: (call) => {
    connects(call)
    call.findings.execute('nmap may run scripts')
  },
  ss: exact('n|numeric r|resolve a|all l|listening o|options e|extended m|memory p|processes T|threads i|info tos cgroup t|tcp u|udp d|dccp w|raw x|unix S|sctp 4|ipv4 6|ipv6 0|packet s|summary Z|context z b|bpf E|events H|no-header O|oneline f|family: A|query: F|filter: N|net: K|kill D|diag:', ({ has, values }, { walk, findings }) => {
    if (has('K')) findings.change('kill')
    if (has('N')) findings.change('privilege')
    for (const target of values('D')) if (target.value !== '-') writeTo(walk, target)
    findings.read()
  }),
  netstat: harmless('A:', 'none'), ip, ifconfig: ({ args, findings }) => {
    if (args.length === 0 || (args.length === 1 && args[0]?.kind === 'constant')) findings.read()
    else findings.change('write', args.slice(0, 1).map(({ name }) => `network:${name}`))
  },
  route: ({ args, findings }) => {
    if (args.every(({ value }) => value === '-n' || value === '-e' || value === '-ee')) findings.read()
    else findings.change('write', ['network:route'])
  },
  arp: exact('a n e v i: D H:', ({ has, operands }, { findings }) => has('D', 'H') || operands.length > 1 ? findings.change('write', ['network:arp']) : findings.read()),
  tcpdump: (call) => call.findings.execute('tcpdump may write files and run programs'), iptraf: (call) => call.findings.execute('iptraf takes typed commands'), ifup: ({ findings }) => findings.change('start', ['network']), ifdown: ({ findings }) => findings.change('stop', ['network']),
  nmcli,
}

function asksAnything(): Handler {
  return ({ args, findings }) => findings.change('fetch', args.filter((word) => !word.mayBeOption && !word.prefix.startsWith('@') && !word.prefix.startsWith('+')).slice(0, 1).map(({ name }) => `host:${name}`))
}
