import type { RuleEntry } from '../../src/governance/policy/policy-document.ts'

/** All may be read but keys and password hashes; written only in `/srv/drop`. */
export function dropRules(root: string): readonly RuleEntry[] {
  const drop = `${root}/srv/drop`
  return [
    { name: 'secrets', when: `operation.objects.exists(o, o.matches("^${root}/home/[^/]+/[.]ssh(/|$)") || o == "${root}/etc/shadow")`, then: 'deny', message: 'keys and password hashes are never read' },
    { name: 'drop-only', when: `!operation.readOnly && !operation.objects.all(o, o == "${drop}" || o.startsWith("${drop}/"))`, then: 'deny', message: 'files are written in /srv/drop only' },
    { name: 'files', when: '!operation.unknown', then: 'allow' },
  ]
}

/**
 * Batches of OpenSSH's sftp that do what the policy lets them do: with the gateway between they say and do the same as
 * without. The local folder is `work`, the remote one `home/dana`.
 */
export interface SftpBatch {
  readonly name: string
  readonly commands: readonly string[]
  readonly flags?: readonly string[]
}

/** `$` stands for the folder that stands for `/`. */
export const SFTP_BATCHES: readonly SftpBatch[] = [
  { name: 'where it is', commands: ['pwd', 'cd ..', 'pwd', 'cd ../srv/pub', 'pwd', 'cd /', 'pwd'] },
  { name: 'names', commands: ['ls $/srv', 'ls -1 $/srv/pub', 'ls -a $/srv/pub'] },
  { name: 'long lists with numbers', commands: ['ls -ln $/srv/pub', 'ls -lan $/srv/pub/deep'] },
  { name: 'long lists with names of users', commands: ['ls -l $/srv/pub', 'ls -lh $/srv/pub/deep'] },
  { name: 'lists by size and time, and backwards', commands: ['ls -lnS $/srv/pub', 'ls -lnt $/srv/pub', 'ls -1r $/srv/pub'] },
  { name: 'a pattern', commands: ['ls -1 $/srv/pub/*.txt', 'ls -1 $/srv/pub/deep/many-1?'] },
  { name: 'one file', commands: ['get $/srv/pub/readme.txt got.txt'] },
  { name: 'several files by a pattern', commands: ['get $/srv/pub/deep/many-2* .'] },
  { name: 'a file with its times and rights', commands: ['get -p $/srv/pub/readme.txt got.txt'] },
  { name: 'a tree', commands: ['get -r $/srv/pub got'] },
  { name: 'the rest of a file', commands: ['get $/srv/pub/readme.txt half.txt', 'reget $/srv/pub/readme.txt half.txt'] },
  { name: 'an upload', commands: ['put local.txt $/srv/drop/local.txt', 'ls -1 $/srv/drop'] },
  { name: 'an upload into a folder', commands: ['cd $/srv/drop', 'put local.txt'] },
  { name: 'an upload over a file', commands: ['put local.txt $/srv/drop/old.txt'] },
  { name: 'a large upload', commands: ['put large.bin $/srv/drop/large.bin'] },
  { name: 'a large file there and back', commands: ['put large.bin $/srv/drop/large.bin', 'get $/srv/drop/large.bin back.bin'] },
  { name: 'an upload with times and rights', commands: ['put -p local.txt $/srv/drop/kept.txt'] },
  { name: 'an upload that is on disk at the end', commands: ['put -f local.txt $/srv/drop/synced.txt'] },
  { name: 'a tree up', commands: ['put -r tree $/srv/drop', 'ls -1 $/srv/drop/tree/inner'] },
  { name: 'the rest of an upload', commands: ['put local.txt $/srv/drop/part.bin', 'reput local.txt $/srv/drop/part.bin'] },
  { name: 'one request at a time', commands: ['put large.bin $/srv/drop/large.bin', 'get $/srv/drop/large.bin back.bin'], flags: ['-R', '1'] },
  { name: 'many requests at a time', commands: ['put large.bin $/srv/drop/large.bin', 'get $/srv/drop/large.bin back.bin'], flags: ['-R', '512'] },
  { name: 'small requests', commands: ['put large.bin $/srv/drop/large.bin', 'get $/srv/drop/large.bin back.bin'], flags: ['-B', '1000'] },
  { name: 'the largest requests', commands: ['put large.bin $/srv/drop/large.bin', 'get $/srv/drop/large.bin back.bin'], flags: ['-B', '261120'] },
  { name: 'a rename', commands: ['rename $/srv/drop/old.txt $/srv/drop/new.txt', 'ls -1 $/srv/drop'] },
  { name: 'a rename over a file', commands: ['put local.txt $/srv/drop/a', 'rename $/srv/drop/a $/srv/drop/old.txt'] },
  { name: 'a rename as of old', commands: ['rename -l $/srv/drop/old.txt $/srv/drop/new.txt'] },
  { name: 'a removal', commands: ['rm $/srv/drop/old.txt', 'ls -1 $/srv/drop'] },
  { name: 'removals by a pattern', commands: ['put local.txt $/srv/drop/x1', 'put local.txt $/srv/drop/x2', 'rm $/srv/drop/x*'] },
  { name: 'folders made and removed', commands: ['mkdir $/srv/drop/a', 'mkdir $/srv/drop/a/b', 'rmdir $/srv/drop/a/b', 'rmdir $/srv/drop/a'] },
  { name: 'a link within the folder', commands: ['ln -s old.txt $/srv/drop/link', 'get $/srv/drop/link got.txt'] },
  { name: 'a hard link within the folder', commands: ['ln $/srv/drop/old.txt $/srv/drop/same.txt', 'put local.txt $/srv/drop/same.txt', 'get $/srv/drop/old.txt got.txt'] },
  { name: 'a copy within the target', commands: ['cp $/srv/drop/old.txt $/srv/drop/copy.txt', 'cp $/srv/pub/readme.txt $/srv/drop/readme.txt'] },
  { name: 'rights', commands: ['chmod 600 $/srv/drop/old.txt', 'chmod 2750 $/srv/drop', 'ls -ln $/srv/drop'] },
  { name: 'owner and group', commands: ['chown 1001 $/srv/drop/old.txt', 'chgrp 1002 $/srv/drop/old.txt', 'ls -ln $/srv/drop'] },
  { name: 'room on the disk', commands: ['df $/srv/drop'] },
  { name: 'what is not there', commands: ['-get $/srv/pub/nothing', '-ls $/srv/nothing', '-cd $/srv/none/at/all', '-rm $/srv/drop/nothing', '-rmdir $/srv/drop/nothing', '-rename $/srv/drop/no $/srv/drop/yes'] },
  { name: 'what is of another kind', commands: ['-rmdir $/srv/drop/old.txt', '-rm $/srv/drop', '-cd $/srv/pub/readme.txt', '-mkdir $/srv/drop/old.txt', '-get $/srv/pub'] },
  { name: 'a folder that is not empty', commands: ['mkdir $/srv/drop/full', 'put local.txt $/srv/drop/full/x', '-rmdir $/srv/drop/full'] },
  { name: 'names with blanks, quotes and letters of many scripts', commands: [
    'put local.txt "$/srv/drop/two words"', "put local.txt \"$/srv/drop/it's\"", 'put local.txt $/srv/drop/größe-日本-😀', 'ls -1 $/srv/drop', 'get "$/srv/drop/two words" got.txt',
  ] },
  { name: 'a local folder and back', commands: ['lmkdir here', 'lcd here', 'get $/srv/pub/readme.txt', 'lcd ..', 'lpwd'] },
  { name: 'dots and slashes that stay inside', commands: ['put local.txt $/srv/drop//./x', 'get $/srv/./drop/../drop/x got.txt', 'rm $/srv/drop/x'] },
  { name: 'a path from home', commands: ['get notes.txt', 'ls -1'] },
  { name: 'nothing at all', commands: ['bye'] },
]
