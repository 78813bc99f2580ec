/** Users, groups, passwords, firewalls. */
import type { Handler, Programs } from './call.ts'
import { changer, exact } from './program-kinds.ts'

const ACCOUNTS = ['useradd', 'userdel', 'usermod', 'adduser', 'deluser', 'addgroup', 'delgroup', 'groupadd', 'groupdel', 'groupmod', 'chpasswd', 'chgpasswd', 'gpasswd', 'newusers', 'chsh', 'chfn', 'vipw', 'vigr', 'visudo', 'pwconv', 'pwunconv', 'htpasswd', 'faillock', 'pam-auth-update', 'ssh-copy-id', 'smbpasswd', 'kadmin', 'loginctl_']
const FIREWALLS = ['ip6tables-restore', 'iptables-restore', 'firewall-cmd', 'ipset', 'ebtables', 'arptables', 'tc', 'ethtool', 'brctl', 'setenforce', 'setsebool', 'semanage', 'aa-complain', 'aa-disable', 'auditctl']

const filterTable = exact('L|list S|list-rules n|numeric v|verbose t|table: line-numbers x|exact w|wait?', ({ has }, { findings }) => {
  if (has('L', 'S')) findings.read()
  else findings.change('permit')
})

/** Reads with one of these options first, and changes accounts otherwise. */
function readsWith(...options: readonly string[]): Handler {
  return ({ args, findings }) => {
    const operands = args.filter((word) => !word.mayBeOption)
    if (options.includes(args[0]?.value ?? '') && operands.length === args.length - 1) findings.read()
    else findings.change('account', operands)
  }
}

export const ACCOUNT_PROGRAMS: Programs = {
  ...Object.fromEntries(ACCOUNTS.filter((name) => !name.endsWith('_')).map((name) => [name, changer('account')])), ...Object.fromEntries(FIREWALLS.map((name) => [name, changer('permit')])),
  passwd: readsWith('-S', '--status'), chage: readsWith('-l', '--list'),
  iptables: filterTable, ip6tables: filterTable, 'iptables-save': exact('c t:', (_, { findings }) => findings.read()), 'ip6tables-save': exact('c t:', (_, { findings }) => findings.read()), nft: ({ args, findings }) => {
    // Its words are put together to a text of its language.
    if (args.length > 1 && args[0]?.value === 'list' && args.every(({ value, plain }) => value !== undefined && plain === true && !value.startsWith('-'))) findings.read()
    else findings.change('permit')
  },
  ufw: ({ args, findings }) => {
    if (args[0]?.value === 'status' && args.length <= 2) findings.read()
    else findings.change('permit')
  },
  getenforce: ({ findings }) => findings.read(), sestatus: ({ findings }) => findings.read(), 'aa-status': ({ findings }) => findings.read(),
}
