/** Services, processes, the machine, and what runs at a time. */
import { hasAny } from '../characters.ts'
import type { ShellWord } from '../shell-word.ts'
import type { Call, Handler, Programs } from './call.ts'
import { exact, harmless } from './program-kinds.ts'
import { optionTable, readOptions } from './options.ts'

const services = (words: readonly ShellWord[]): readonly string[] => words.map(({ name }) => `service:${name.endsWith('.service') ? name.slice(0, -'.service'.length) : name}`)

const isOneWord = ({ kind }: ShellWord): boolean => kind === 'constant' || kind === 'computed'

const SYSTEMCTL_READS: ReadonlySet<string> = new Set(['status', 'show', 'cat', 'help', 'is-active', 'is-enabled', 'is-failed', 'is-system-running', 'list-units', 'list-sockets', 'list-timers', 'list-unit-files',
  'list-dependencies', 'list-jobs', 'list-machines', 'list-automounts', 'list-paths', 'get-default', 'show-environment'])
const SYSTEMCTL_CHANGES: Readonly<Record<string, string>> = {
  start: 'start', stop: 'stop', restart: 'restart', 'try-restart': 'restart', reload: 'restart', 'reload-or-restart': 'restart', 'try-reload-or-restart': 'restart', 'force-reload': 'restart', condrestart: 'restart', kill: 'kill', isolate: 'stop',
  enable: 'start', reenable: 'start', disable: 'stop', mask: 'stop', unmask: 'start', clean: 'remove', freeze: 'stop', thaw: 'start', 'reset-failed': 'write', 'daemon-reload': 'restart', 'daemon-reexec': 'restart', 'set-default': 'write', preset: 'write', 'preset-all': 'write',
  poweroff: 'shutdown', reboot: 'shutdown', halt: 'shutdown', kexec: 'shutdown', 'soft-reboot': 'shutdown', suspend: 'shutdown', hibernate: 'shutdown', 'hybrid-sleep': 'shutdown', rescue: 'shutdown', emergency: 'shutdown', exit: 'shutdown', 'switch-root': 'shutdown', default: 'start',
  revert: 'remove', link: 'link', 'add-wants': 'write', 'add-requires': 'write', cancel: 'stop', bind: 'mount', 'mount-image': 'mount', 'set-property': 'write',
}
const SYSTEMCTL = 't|type: p|property: P a|all l|full H|host: M|machine: n|lines: o|output: s|signal: q|quiet f|force r|recursive user system no-pager no-legend plain no-block now state: failed value no-ask-password runtime root: kill-whom: kill-who: kill-value: job-mode: show-types reverse after before with-dependencies what: legend: wait timestamp:'

const systemctl = exact(SYSTEMCTL, ({ operands, has }, { findings }) => {
  const [verb, ...units] = operands
  const remote = has('H', 'M')
  if (remote) findings.change('send')
  if (verb === undefined) findings.read()
  else if (verb.value === undefined) findings.execute('what systemctl is to do is computed')
  else if (SYSTEMCTL_READS.has(verb.value)) findings.read(services(units).filter(() => units.every(({ kind }) => kind !== 'list')))
  else if (Object.hasOwn(SYSTEMCTL_CHANGES, verb.value)) {
    findings.change(SYSTEMCTL_CHANGES[verb.value] ?? 'write', services(units))
    if (has('now')) findings.change(verb.value === 'enable' ? 'start' : 'stop')
  } else findings.execute(`what systemctl ${verb.value} does is not known here`)
  if (!has('no-pager')) findings.typedBecause ??= 'on a terminal systemctl starts a pager that runs typed commands: give it --no-pager'
})

const VERBS: Readonly<Record<string, string>> = { start: 'start', stop: 'stop', restart: 'restart', reload: 'restart', 'force-reload': 'restart', 'try-restart': 'restart', condrestart: 'restart', 'force-stop': 'stop' }

const service: Handler = ({ args, findings }) => {
  const [name, verb] = args
  findings.typedBecause ??= 'on a terminal service may start a pager that runs typed commands: use systemctl --no-pager'
  if (name?.value === '--status-all') findings.read()
  else if (verb?.value === 'status' && args.length === 2 && name !== undefined && isOneWord(name) && !name.mayBeOption) findings.read(services([name]))
  else if (verb?.value !== undefined && Object.hasOwn(VERBS, verb.value) && name !== undefined) findings.change(VERBS[verb.value] ?? 'stop', services([name]))
  else findings.execute('what service does with these words is not known here')
}

const journalctl = exact('a|all f|follow e|pager-end n|lines? r|reverse o|output: output-fields: u|unit: user-unit: t|identifier: p|priority: g|grep: case-sensitive? S|since: U|until: c|cursor: cursor-file: after-cursor: show-cursor k|dmesg b|boot? list-boots x|catalog q|quiet no-pager no-hostname no-full l|full ' +
  'no-tail utc m|merge D|directory: file: root: M|machine: system user N|fields F|field: disk-usage verify header dump-catalog list-catalog facility: truncate-newline namespace: no-ext ' +
  'vacuum-size: vacuum-time: vacuum-files: rotate flush sync relinquish-var smart-relinquish-var setup-keys update-catalog force', ({ has, values }, { findings }) => {
  findings.read([...services(values('u')), ...values('file'), ...values('D')])
  if (has('vacuum-size', 'vacuum-time', 'vacuum-files')) findings.change('remove', ['/var/log/journal'])
  if (has('rotate', 'flush', 'sync', 'relinquish-var', 'smart-relinquish-var', 'setup-keys', 'update-catalog', 'cursor-file')) findings.change('write', ['/var/log/journal'])
  if (!has('no-pager', 'f')) findings.typedBecause ??= 'on a terminal journalctl starts a pager that runs typed commands: give it --no-pager'
})

const kill: Handler = ({ args, findings }) => {
  const { value } = args[0] ?? {}
  const harmlessSignal = value === '-0' || value === '-l' || value === '-L' || value === '--list' || (value === '-s' && args[1]?.value === '0')
  if (harmlessSignal && args.slice(1).every((word) => word.kind !== 'list' && !(word.value ?? '').startsWith('-'))) findings.read()
  else findings.change('kill', args.filter((word) => !(word.value ?? '').startsWith('-')).map(({ name }) => `process:${name}`))
}

const killsByName: Handler = ({ args, findings }) => {
  const { operands } = readOptions(args, optionTable('s|signal: u|user: g: G: P: t: U: F: o: n: e: ns:'))
  findings.change('kill', operands.filter(({ value }) => value === undefined || !value.startsWith('-')).map(({ name }) => `process:${name}`))
}

const shutdown: Handler = ({ args, findings }) => {
  findings.change('shutdown')
  if (args.length > 0 && args.every(({ value }) => value === '-w')) findings.change('write')
}

const crontab = exact('u: l r i e s x:', ({ operands, has }, { findings }) => {
  if (has('r')) findings.change('remove', ['crontab'])
  if (has('e')) findings.execute('crontab -e starts an editor')
  if (has('l') && !has('r', 'e') && operands.length === 0) findings.read(['crontab'])
  else findings.change('schedule', operands)
})

const schedules: Handler = ({ findings }) => {
  findings.change('schedule')
  findings.execute('what it is to run later is not in the text')
}

const shutdownCommands = Object.fromEntries(['shutdown', 'reboot', 'halt', 'poweroff', 'init', 'telinit', 'pm-suspend', 'kexec'].map((name) => [name, shutdown]))

/** One verb that is read only, otherwise an action. */
const verbs = (reads: readonly string[], action: string, shows: readonly string[] = []): Handler => exact('p|property: P: a|all l|full n|lines: o|output: q|quiet r|reverse s|stats value no-pager no-legend no-ask-password json: man? since: until: S: U: iterations: i|interface: t|type: 4 6', ({ operands, has }, { name, findings }) => {
  const [verb, ...words] = operands
  if (!has('no-pager')) findings.typedBecause ??= `on a terminal ${name} may start a pager that runs typed commands: give it --no-pager`
  const shown = verb?.value !== undefined && (reads.includes(verb.value) || (shows.includes(verb.value) && words.length <= 1 && words.every(isOneWord)))
  if (verb === undefined || (shown && operands.every(({ kind }) => kind !== 'list'))) findings.read()
  else findings.change(action, words)
})

export const SERVICES: Programs = {
  systemctl, service, journalctl, kill, pkill: killsByName, killall: killsByName, killall5: killsByName, skill: killsByName, xkill: killsByName, ...shutdownCommands, crontab,
  at: (call: Call) => call.args[0]?.value === '-l' && call.args.length === 1 ? call.findings.read() : schedules(call), atq: harmless('q:', 'none'), atrm: ({ findings, args }) => findings.change('remove', args), batch: schedules,
  hostnamectl: verbs(['status'], 'write'), timedatectl: verbs(['status', 'show', 'list-timezones', 'timesync-status'], 'write'), localectl: verbs(['status', 'list-locales', 'list-keymaps'], 'write'),
  loginctl: verbs(['list-sessions', 'list-users', 'list-seats', 'session-status', 'user-status', 'show-session', 'show-user', 'show-seat'], 'kill'), 'systemd-analyze': verbs(['time', 'blame', 'critical-chain', 'dump', 'unit-paths', 'calendar', 'timespan', 'verify', 'security'], 'write'), coredumpctl: (call) => call.args.some(({ prefix }) => prefix.startsWith('-o') || prefix.startsWith('--o')) ? call.findings.execute('coredumpctl writes to a file') : verbs(['list', 'info'], 'write')(call),
  // With more than an interface these two set what they show.
  resolvectl: verbs(['status', 'query', 'statistics'], 'write', ['dns', 'domain']),
  networkctl: verbs(['list', 'status', 'lldp'], 'write'), supervisorctl: ({ args, findings }) => {
    const [verb, ...names] = args
    if (verb?.value === 'status' || verb?.value === 'version' || verb?.value === 'avail') findings.read()
    else if (verb?.value !== undefined && ['start', 'stop', 'restart'].includes(verb.value)) findings.change(verb.value, services(names))
    else findings.execute('what supervisorctl does with these words is not known here')
  },
  renice: ({ findings }) => findings.change('write'), sysctl: ({ args, findings }) => {
    const sets = args.some(({ value, prefix }) => value === undefined || prefix.includes('=') || (prefix.startsWith('-') && hasAny(prefix, 'wpf')) || prefix.startsWith('--'))
    if (sets) findings.change('write', args.filter((word) => !word.mayBeOption))
    else findings.read()
  },
}
