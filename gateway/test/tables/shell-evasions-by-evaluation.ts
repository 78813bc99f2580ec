/** Evasions of what bash reads a second time, and of words that become several. */
import { members } from './shell-evasion.ts'
import type { ShellEvasion } from './shell-evasion.ts'

/** Evaluates to an index in which the victim is removed; without a blank, so that it is one word in any case. */
const INDEX = "'x[$(rm${IFS}victim)]'"

const tested = members('the name of a variable that is tested', {
  'by a computed -v': `[ "$(echo -v)" ${INDEX} ]`,
  'by words of a variable': `x='-v x[$(rm\${IFS}victim)]'; [ $x ]`,
  'by words of a variable that is compared': `x='-v x[$(rm\${IFS}victim)]'; [ $x -gt 5 ]`,
  'by words that are read': `while read x; do [ $x ]; done <<< '-v x[$(rm\${IFS}victim)]'`,
  'by arguments of a function': `f() { test "$1" "$2"; }; f -v ${INDEX}`,
  'by all arguments': `set -- -v ${INDEX}; [ "$@" ]`,
  'by an array': `a=(-v ${INDEX}); [ "\${a[@]}" ]`,
  'in parentheses of test': `test '(' "$(echo -v)" ${INDEX} ')'`,
  'by braces': `[ {-v,${INDEX}} ]`,
})

const elements = members('elements of an array that are read again', {
  'declare -a': "declare -a a='($(rm victim))'",
  'declare -a in one word': "declare -a 'a=($(rm victim))'",
  'declare -A': "declare -A a='([$(rm victim)]=x)'",
  'typeset -a': "typeset -a a='($(rm victim))'",
  'readonly -a': "readonly -a a='($(rm victim))'",
  'local -a': "f() { local -a a='($(rm victim))'; }; f",
  'local, of an array of the same function': "f() { local -a a; local a='($(rm victim))'; }; f",
  'of an array that is there': "a=(); declare a='($(rm victim))'",
  'of an array by its index': "a[0]=x; declare a='($(rm victim))'",
  'of an array by a default of an index': ": ${a[0]:=x}; declare a='($(rm victim))'",
  'of an array by read': "read -a a <<< x; declare a='($(rm victim))'",
  'of an array by mapfile': "mapfile a <<< x; declare a='($(rm victim))'",
  'of an array of the shell': "declare DIRSTACK='($(rm victim))'",
  'computed': "declare -a a=$(echo '($(rm${IFS}victim))')",
  'computed, of an array that is there': `a=(); declare a="$(echo '($(rm victim))')"`,
  'an index that is a variable': "x='y[$(rm victim)]'; a=([x]=1)",
  'an index that is a variable, appended': "x='y[$(rm victim)]'; a+=([1]=1 [x]+=2)",
  'an index that is a variable, in declare': "x='y[$(rm victim)]'; declare -a a=([x]=1)",
  'an index in quotes': `a=([${INDEX}]=1)`,
  'the index of a descriptor': "x='y[$(rm victim)]'; ls {a[x]}<other",
  'the index of a descriptor of exec': "x='y[$(rm victim)]'; exec {a[x]}<other",
  'the index of a descriptor of a loop': "x='y[$(rm victim)]'; for i in 1; do ls; done {a[x]}<other",
  'the index of a descriptor in quotes': "ls {a['$(rm${IFS}victim)']}<other",
})

const numbers = members('a number in the place of a path', {
  'arithmetic': 'mkdir 7; cp evil 7/ls; : $((PATH=7)); ls',
  'arithmetic of a loop': "mkdir 7; cp evil 7/ls; bash -c 'for ((PATH=7;;)); do ls; break; done'",
  'a descriptor': 'mkdir 10; cp evil 10/ls; exec {PATH}<other; ls',
  'a descriptor of a coprocess': 'mkdir 63; cp evil 63/ls; coproc PATH { read; }; ls',
  'the length of output': "mkdir 7; cp evil 7/ls; printf '1234567%n' PATH > /dev/null; ls",
  'the length of output into a variable': "mkdir 7; cp evil 7/ls; printf -v x -- '1234567%n' PATH; ls",
  'the length of output behind a variable given twice': "mkdir 7; cp evil 7/ls; printf -v x -v y '1234567%n' PATH; ls",
  'output into a variable given twice': 'mkdir 7; cp evil 7/ls; printf -v x -v PATH 7; ls',
  'the length of output by a computed format': `mkdir 7; cp evil 7/ls; printf "$(echo '1234567%n')" PATH > /dev/null; ls`,
  'the number of a process of xargs': 'mkdir 0; cp evil 0/ls; echo | xargs --process-slot-var=PATH ls',
})

const folders = members('a folder whose name is several words', {
  'of cd': "mkdir 'victim -delete'; cd 'victim -delete'; find $PWD",
  'of cd and back': "mkdir 'victim -delete'; cd 'victim -delete'; cd ..; find $OLDPWD",
  'of cd by a pattern': 'mkdir "victim -delete"; cd vic*e; find $PWD',
  'of cd, in another shell': `mkdir 'victim -delete'; cd 'victim -delete'; sh -c 'find $PWD'`,
  'of pushd': "mkdir 'victim -delete'; pushd 'victim -delete'; find $PWD",
  'of env -C': "mkdir 'victim -delete'; env -C 'victim -delete' sh -c 'find $PWD'",
  'of find -execdir': String.raw`mkdir 'victim -delete'; touch 'victim -delete/y'; find . -name y -execdir sh -c 'find $PWD' \;`,
})

const several = members('a word that becomes several', {
  'of uniq, by a pattern': 'uniq ./[ov]*',
  'of uniq, by braces': 'uniq {other,victim}',
  'of xxd': 'xxd {other,victim}',
  'of openssl': 'openssl x509 -noout -in {other,-writerand,victim}',
}, { does: 'write' })
const vanishing = members('a word that becomes none', { 'of taskset': 'shopt -s nullglob; taskset no* df rm victim' })
const severalOnHosts = [
  ...members('a word that becomes several', { 'of service': 'service {nginx,stop} status' }, { does: 'stop', unproved: 'needs a service manager' }),
  ...members('a word that becomes several', { 'of resolvectl': 'resolvectl dns {eth0,203.0.113.1}' }, { does: 'write', unproved: 'would change this machine' }),
]

const nothing = members('a word that is nothing, before an option', {
  'the folder before, when none was left': 'find victim $OLDPWD-delete',
  'the folder before, in quotes': 'find victim "$OLDPWD"-delete',
  'the folder before, as a value': 'sort -T $OLDPWD -k -ovictim other',
  'the folder before, by a variable': 'x="$OLDPWD"; y="$x"; find victim "$y"-delete',
  'the folder before, by a loop': 'for x in "$OLDPWD" a; do find victim "$x-delete"; done',
  'an empty word of a loop': 'for x in "" a; do find victim "$x"-delete; done',
  'the last job, when there is none': 'find victim $!-delete',
  'a number that is not assigned yet': 'find victim $i-delete; i=1',
  'a number that is never assigned': 'if false; then i=1; fi; find victim $i-delete',
  'a number that is assigned after a failure': 'false && i=1; find victim "$i"-delete',
  'a number of a loop that is skipped': 'false && for i in 1 2; do :; done; find victim "$i"-delete',
  'a number that is refused': 'readonly i\ni=1\nfind victim "$i"-delete',
  'the home folder, taken away by env': "env -u HOME bash -c 'find victim $HOME-delete'",
  'the home folder, in an empty environment': "env -i sh -c 'find victim $HOME-delete'",
  'the home folder, taken away by exec': "exec -c sh -c 'find victim $HOME-delete'",
  'a number of a function': 'f() { i=1; }; find victim ${i}-delete',
  'a number of a subshell': '(i=1); find victim $i-delete',
  'a number as a value': 'if false; then i=1; fi; sort -T $i -k -ovictim other',
  'a number of a loop that is not run': 'for i in $(true); do j=1; done; find victim $j-delete',
  'a zone that is an option': "export TZ='<-delete>0'; find victim $(date +%Z)",
}).map((member) => member.command.includes('sort') ? { ...member, does: 'write' } : member)
const nothingInSh = members('a word that is nothing, before an option', {
  'a random number': 'find victim $RANDOM-delete', 'the user': 'find victim "$UID"-delete', 'the system': 'find victim $OSTYPE-delete', 'the host': 'find victim "$HOSTNAME"-delete', 'the seconds': 'find victim "$SECONDS"-delete',
}, { shell: 'sh' })
const nothingElsewhere = members('a word that is nothing, before an option', { 'a name that nobody has': 'find victim "$(whoami)"-delete', 'the user of a container': 'find victim "$USER"-delete' }, { unproved: 'needs another environment' })

const refused = members('a value that a variable does not take', {
  'after readonly': 'readonly b\nb=ls\n$b rm victim', 'after declare -r': 'declare -r b\nb=ls\n$b rm victim', 'after typeset -r': 'typeset -r b\nb=ls\n$b rm victim',
  'after a coprocess has ended': 'b_PID=ls; coproc b { :; }; wait; $b_PID rm victim', 'after a coprocess without a name': 'COPROC_PID=ls; coproc { :; }; wait; $COPROC_PID rm victim',
})
const timed = [
  ...members('a value that a variable does not take', { 'by time': 'time b=echo; $b rm victim' }, { shell: 'sh' }),
  ...members('a function that is none', { 'not for time': 'dropdb() { :; }; time dropdb prod' }, { shell: 'sh', unproved: 'needs a program that nobody has described' }),
]

const options = members('an option that means something else', {
  'the log of rsync that lists': 'rsync --log-file=victim tree/',
  'sed with a bracket that begins with one': "sed 's/[^]/]/;s/w victim\nx;/B/p' other",
}, { does: 'write' })
const elsewhere = 'needs what is not installed, or would change this machine'
const optionsElsewhere = [
  ...members('an option that means something else', {
    'a batch of rsync': 'rsync -a --read-batch=batch tree', 'the format of lz4': 'lz4 -l other victim', 'an option without a value in some sed': "sed -l 'w victim' p other",
  }, { does: 'write', unproved: elsewhere }),
  ...members('an option that means something else', { 'an option that some awk ignores': `awk -e1 'BEGIN { system("rm victim") }'` }, { unproved: elsewhere }),
  ...members('an option that means something else', { 'mount with labels': 'mount -l /dev/sdb1 /mnt' }, { does: 'mount', unproved: elsewhere }),
  ...members('an option that means something else', { 'a line of nft': "nft list 'ruleset\nflush ruleset'" }, { does: 'permit', unproved: elsewhere }),
]

export const evasionsByEvaluation: readonly ShellEvasion[] = [
  ...tested, ...elements, ...numbers, ...folders, ...several, ...vanishing, ...refused, ...timed, ...nothing, ...nothingInSh, ...nothingElsewhere, ...severalOnHosts, ...options, ...optionsElsewhere,
]
