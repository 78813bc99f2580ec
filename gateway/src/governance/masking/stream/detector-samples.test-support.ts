import type { DetectorName } from './detector-names.ts'

/** Texts in which `[` and `]`, in pairs of two, stand around what a detector finds; and texts in which it finds nothing. */
export interface Samples {
  readonly found: readonly string[]
  readonly left: readonly string[]
}

/** Reads a text of `found`: the values in it, and what is left when they are replaced. */
export function readSample(marked: string): { readonly text: string; readonly values: readonly string[]; readonly redacted: string } {
  const parts = marked.replaceAll('%%', '').replaceAll('[[[', '\x01[[').replaceAll(']]]', ']]\x02').split(/\[\[|\]\]/).map((part) => part.replace('\x01', '[').replace('\x02', ']'))
  const values = parts.filter((_, index) => index % 2 === 1)
  return { text: parts.join(''), values, redacted: parts.map((part, index) => (index % 2 === 1 ? '[redacted]' : part)).join('') }
}

// `%%` is taken out when they are read, so that no scanner of repositories takes them for secrets.
const ghp = 'ghp%%_'
const akia = 'AKI%%A'
const sk = 'sk_%%live_'
const begin = '-----BEGIN %%'

export const SAMPLES: Partial<Record<DetectorName, Samples>> = {
  'email': {
    found: [
      '[[alice@example.com]]', 'mail to [[alice.b-c+tag@mail.example.co.uk]], please', '<[[bob@example.org]]>', '"[[bob@example.org]]"', 'mailto:[[bob@example.org]]',
      'user=[[bob@example.org]]&x=1', '{"email":"[[a@b.io]]"}', '([[x_y%z@sub.domain.example]])', '[[O\'Neil@example.ie]]', '[[12345@qq.com]]', 'From: Bob <[[bob@EXAMPLE.COM]]>',
      '[[bob@example.com]].', '[[bob@example.com]]:secret', '[[bob@example.museum]] x', '[[bob@xn--bcher-kva.example]]', '[[jürgen@müller.de]]', '[[bob@a-b-c.example.photography]]', 'a,[[b@c.de]],d',
      '|[[bob@example.com]]|', '│[[bob@example.com]]│', '[[a@b.c.d.e.example.net]]', 'cc: [[bob@example.com]];[[eve@example.com]]', 'https://[[bob@example.com]]/path', '[[first.last@company.travel]]\n[[second@company.travel]]',
      '[[n.n@example.com]]\t42', '[[root@web-1.internal]] logged in', '[[иван@пример.рф]]',
    ],
    left: [
      '@', 'a@b', 'root@localhost', 'git@github.com:owner/repository.git', 'lodash@4.17.21', 'icon@2x.png', 'getty@tty1.service', 'user@1000.service', '@types/node', '@media print', 'admin@web-1:~$ ls', 'root@host.example.com:~# ',
      'a@@b.com', 'no at here.com', 'x @ y.com', 'foo@bar..', '@app.route("/x")', 'me@', 'ref: HEAD@{1}', 'sha256@abc', 'array[@]', 'Object@1b2c3d', 'npm i react@18.2.0', 'logo@3x.jpg', 'a@1.2.3.4', 'foo@.com', 'page@2.html',
    ],
  },
  'payment-card': {
    found: [
      '[[4111111111111111]]', '[[4111 1111 1111 1111]]', '[[4111-1111-1111-1111]]', '[[4111.1111.1111.1111]]', '[[4111_1111_1111_1111]]', 'card=[[5500005555555559]];', '[[5555 5555 5555 4444]] 12/27 123', '[[378282246310005]]',
      '[[3782 822463 10005]]', '[[3714-496353-98431]]', '[[6011111111111117]]', '[[6011 0009 9013 9424]]', '[[3530111333300000]]', '[[30569309025904]]', '[[3852 0000 0232 37]]', '[[3056 930902 5904]]', '[[2223003122003222]]', '[[4222222222222]]',
      '[[6304000000000000]]', '[[4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1]]', '[[4111  1111  1111  1111]]', '[[4111 - 1111 - 1111 - 1111]]', '"pan":"[[4012888888881881]]"', '|[[4012888888881881]]|', 'x[[4012888888881881]]y', '[[4012888888881881]]\n[[5105105105105100]]',
      '[[4111 1111 1111 1111]]', '[[4111–1111–1111–1111]]', '[[４１１１ １１１１ １１１１ １１１１]]', '[[41 11 11 11 11 11 11 11]]', '[[6212345678901265]]', '12 [[4111 1111 1111 1111]]', '([[5105-1051-0510-5100]])', '[[4000056655665556]],[[4242424242424242]]',
    ],
    left: [
      '4111111111111112', '1234567812345670', '0000000000000000', '4111 1111 1111 1112', '41111111111111111111111', '9111111111111111', '1767225600000', '1767225600123456', '0.4111111111111111', '3.4242424242424242', '20260301123456', '411111111111',
      '4111 111 1111 1111 1', '2026-03-01 12:34:56', '550e8400-e29b-41d4-a716-446655440000', '3 4 5 6 7 8 9', '5 5 5 5 5 5 5 5 5 5 5 5 5 5 5 5 5 5', '4532 8 1234 99 12', 'total 40960 4096 4096', '4111-1111 1111-1111', '6011 items, 1111 of them', '127.0.0.1:4111', 'v4.1.1.1.1',
      '41,111,111,111', '-rw-r--r-- 1 root root 4111 1111', '36028797018963968', '9007199254740993', 'PID 4111 TTY 1111',
    ],
  },
  'us-ssn': {
    found: [
      '[[078-05-1120]]', 'SSN: [[219-09-9999]]', '[[123 45 6789]]', '[[123.45.6789]]', 'ssn=[[123456789]]', 'ssn: "[[123456789]]"', 'social security number [[123456789]]', '([[123-45-6789]])', '"[[899-99-9999]]"', '[[001-01-0001]]',
      '[[123-45-6789]],[[223-45-6789]]', '[[123-45-6789]]\n', 'x,[[123-45-6789]],y', '|[[123-45-6789]]|', '[[123 - 45 - 6789]]', '[[123/45/6789]]', '[[123_45_6789]]', '[[123‑45‑6789]]', '[[123 45 6789]]', '[[772-45-6789]].', '\t[[665-45-6789]]\t', '<td>[[123-45-6789]]</td>',
      'SSN#[[123-45-6789]]', '[[１２３-４５-６７８９]]', '[[667-12-3456]];', 'his is [[456-78-9012]]!',
    ],
    left: [
      '000-12-3456', '666-12-3456', '900-12-3456', '987-65-4321', '123-00-4567', '123-45-0000', '123-45-67890', '1123-45-6789', '123-456-789', '12-345-6789', '123456789', '2026-03-0111', '123-45-6789-1', '1-123-45-6789', 'a123-45-6789', '123-45-6789b',
      '123-45 6789', '123 45 6789 12', '12 123 45 6789', '555-1234', '123-45', '45-6789', '123--45', '192.168.10.1234', '10.20.3000', 'ISBN 978-3-16-148410-0', '123:45:6789',
    ],
  },
  'iban': {
    found: [
      '[[DE89370400440532013000]]', '[[DE89 3704 0044 0532 0130 00]]', '[[GB29 NWBK 6016 1331 9268 19]]', '[[FR1420041010050500013M02606]]', '[[FR14 2004 1010 0505 0001 3M02 606]]', '[[NL91ABNA0417164300]]', '[[CH93 0076 2011 6238 5295 7]]', '[[NO9386011117947]]',
      '[[MT84 MALT 0110 0001 2345 MTLC AST0 01S]]', '[[BE68 5390 0754 7034]]', '[[ES91 2100 0418 4502 0005 1332]]', '[[IT60 X054 2811 1010 0000 0123 456]]', '[[AT611904300234573201]]', '[[SE45 5000 0000 0583 9825 7466]]', '[[PL61 1090 1014 0000 0712 1981 2874]]', '[[DK5000400440116243]]',
      '[[FI2112345600000785]]', '[[IE29 AIBK 9311 5212 3456 78]]', '[[PT50 0002 0123 1234 5678 9015 4]]', '[[DE89-3704-0044-0532-0130-00]]', 'iban=[[DE89370400440532013000]]&x', '"[[DE89370400440532013000]]"', '([[NL91 ABNA 0417 1643 00]])', '[[de89370400440532013000]]', 'IBAN:[[GB82WEST12345698765432]].', '[[SA0380000000608010167519]]', '[[TR330006100519786457841326]]',
    ],
    left: [
      'DE89370400440532013001', 'DE89 3704 0044 0532 0130 01', 'GB82WEST1234569876543', 'GB82WEST123456987654321', 'XX89370400440532013000', 'DE8937040044053201300', 'ADE89370400440532013000', 'DE 89', 'DE89', 'PR12345', 'NO93', 'EC2 instance', 'AT90 is a chip', 'SE1234567890', 'FR14 2004',
      'IT60', 'BE68-5390', 'IS27001 certified', 'CH93', 'MD5 d41d8cd98f00b204e9800998ecf8427e', 'sha1 da39a3ee5e6b4b0d3255bfef95601890afd80709', 'AC-DE89370400440532013001', 'LC_ALL=C', 'ES2022', 'GB2312', 'SI24',
    ],
  },
  'phone': {
    found: [
      '[[+1 212 555 0199]]', '[[+1 (555) 123-4567]]', '[[+12125550199]]', '[[(212) 555-0199]]', '[[212-555-0199]]', '[[212.555.0199]]', '[[1-212-555-0199]]', '[[+44 20 7946 0958]]', '[[+442079460958]]', '[[+44 (0)20 7946 0958]]', '[[+49 30 1234567]]', '[[+49-30-1234567]]', '[[+33 6 12 34 56 78]]',
      '[[06 12 34 56 78]]', '[[06.12.34.56.78]]', '[[020 7946 0958]]', '[[0161 496 0123]]', 'phone: [[5551234567]]', 'tel=[[0301234567]]', '"mobile":"[[491701234567]]"', '[[+91 98765 43210]]', '[[+86 138 0013 8000]]', '[[+61 2 9876 5432]]', '[[+353 1 234 5678]]', 'tel:[[+1-201-555-0123]]', 'call [[(201) 555-0123]] now', '[[+1 212 555 0199]]',
      'fax [[212 555 0199]]',
    ],
    left: [
      '2125550199', '123-456-7890', '212-155-0199', '911-555-0199', '2026-03-01', '12:34:56', '+1', '+100', 'a+12125550199', '1 + 2125550199', '+1700000000', '+20240101', '512 256 1024', '192.168.100.1000', '1.2.3', '555-0199', '2026.03.01', 'id=2125550199', '-212-5-01', 'UTC+0200', '+0100', '12-34-56-78-90',
      'diff +12345678', '4111 1111 1111 1111', '000-000-0000', '1767225600', 'x212-555-0199y', '12212-555-0199', '212-555-01999',
    ],
  },
  'ip-address': {
    found: [
      '[[192.168.1.10]]', '[[10.0.0.1]]:8080', 'http://[[8.8.8.8]]/x', '[[203.0.113.7]] - - [01/Mar', '[[10.0.0.0]]/8', '([[172.16.5.4]])', 'from [[1.2.3.4]].', '[[1.2.3.4]], [[5.6.7.8]]', 'ip=[[100.64.0.1]];', '[[2001:db8::8a2e:370:7334]]', '[[2001:0db8:85a3:0000:0000:8a2e:0370:7334]]', '[[fe80::1ff:fe23:4567:890a]]%eth0',
      '[[[2001:db8::1]]]:443', '[[2001:db8::1]]/64', '[[fd00:1234::1]]', '[[::ffff:0a00:1]]', '"[[10.1.2.3]]"', '[[224.0.0.251]]', 'addr:[[10.1.2.3]] x', '[[8.8.4.4]]\n[[1.1.1.1]]', '[[198.51.100.42]]|', '[[2a00:1450:4001:81b::200e]]', '[[9.9.9.9]]\t', '<[[10.9.8.7]]>', '[[2606:4700:4700::1111]]',
    ],
    left: [
      '127.0.0.1', '0.0.0.0', '255.255.255.0', '::1', '::', '1.2.3', '1.2.3.4.5', '256.1.1.1', '1.2.3.400', 'v1.2.3.4', '120.0.6099.109', '12:34:56', 'aa:bb:cc:dd:ee:ff', 'std::vector', 'a::b', 'Foo::Bar::baz', '10.0.0', '3.14159', '1:2:3', '2026-03-01T12:34:56Z', 'x10.0.0.1', '10.0.0.1x', 'dead::beef', '12:34:56:78', 'abc::def', 'cafe:babe', 'sha256:0123abcd',
    ],
  },
  'jwt': {
    found: [
      '[[eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U]] end', 'token=[[eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.]]', '"[[eyJhbGciOiJSUzI1NiJ9.eyJhIjoxfQ.AAAA]]"', 'id: [[eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..AAAA.BBBB.CCCC]]',
    ],
    left: ['eyJhIjoxfQ==', 'eyJhIjoxfQ.x', 'eyJzdWIiOiIxMjM0NTY3ODkwIn0', 'heyJude', 'eyJ', 'xeyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.'],
  },
  'aws-access-key': {
    found: [`[[${akia}IOSFODNN7EXAMPLE]]`, `key=[[ASIAIOSFODNN7EXAMPLE%%]]\n`, `"[[${akia}ABCDEFGHIJKLMNOP]]"`],
    left: [`${akia}IOSFODNN7EXAMPL`, `${akia}IOSFODNN7EXAMPLES`, `X${akia}IOSFODNN7EXAMPLE`, 'ASIA is a continent', 'AKIA'],
  },
  'github-token': {
    found: [`[[${ghp}abcdefghijklmnopqrstuvwxyz0123456789]]`, `https://[[${ghp}abcdefghijklmnopqrstuvwxyz0123456789]]@github.com/x`, `[[github_pat_11ABCDEFG0abcdefghijkl_mnopqrstuvwxyz0123456789]] x`, `[[gho_%%abcdefghijklmnopqrstuvwxyz0123456789]];`],
    left: [`${ghp}short`, 'ghp_', 'a_ghp', 'graph_edges_abcdefghijklmnopqrstuvwxyz', 'github_pat_', `x${ghp}abcdefghijklmnopqrstuvwxyz0123456789`],
  },
  'api-token': {
    found: [`[[${sk}abcdefghijklmnop1234]]`, `[[xoxb%%-123456789012-abcdefghijkl]]`, `[[glpat%%-abcdefghij0123456789]]`, `[[AIza%%SyA1234567890abcdefghijklmnopqrstuvw]]`, `[[npm%%_abcdefghijklmnopqrstuvwxyz0123456789]]`, `[[sk-ant%%-api03-abcdefghijklmnopqrst]]`, `[[hvs%%.CAESIabcdefghijklmnopqr]]`],
    left: ['sk_live_', 'sk-learn', 'xoxb-', 'npm_config_cache', 'pypi-server', 'risk-assessment', 'task-abcdefghijklmnopqrstuvwxyz', 'AIza', 'hf_', 'glpat-x'],
  },
  'bearer-token': {
    found: [
      'Authorization: Bearer [[abcdef0123456789xyz]]', 'authorization: bearer [[abc.def.ghi123456789]]', '"Bearer [[mF_9.B5f-4.1JqM1234]]"', 'Authorization: Basic [[dXNlcjpwYXNzd29yZA==]]', '> Authorization: token [[0123456789abcdef0123]]', "-H 'Authorization: Bearer [[abcdef0123456789]]'",
    ],
    left: ['the bearer of this letter', 'Bearer token', 'bearer: none', 'Bearer of', 'Basic authentication', 'Bearer $TOKEN', 'Bearer <token>', 'basic dXNlcjpwYXNzd29yZA==', 'standard-bearer walked', 'Bearer authentication is required'],
  },
  'url-password': {
    found: ['postgres://user:[[s3cret]]@db.example/x', 'https://u:[[p%40ss]]@h/', 'redis://default:[[hunter2]]@10.0.0.1:6379', 'mongodb+srv://admin:[[p@ss]]@cluster.example/db', 'amqp://a.b:[[x]]@h'],
    left: ['https://example.com:8080/x', 'http://user@host/', 'a:b@c', 'ftp://h:21/a@b', 'postgres://user:$PASSWORD@h/x', 'https://u:***@h/', 'note: see http://x.y/a:b@c'],
  },
  'password-assignment': {
    found: [
      'password=[[hunter2]]', 'PASSWORD=[[hunter2]]', 'DB_PASSWORD=[[p@ss;word]]', "password: '[[with space]]'", '"password": "[[ab\\"c]]",', '{"user":"x","password":"[[hunter2]]","a":1}', 'passwd = [[hunter2]]', 'pwd=[[hunter2]];Server=x', 'password=[[abc]]&user=bob', 'password=[[abc]], user=bob', 'MYSQL_PWD=[[hunter2]]',
      'client_secret=[[0123456789abcdef]]', 'clientSecret: "[[0123456789abcdef]]"', 'api_key=[[0123456789abcdef]]', 'api-key: [[0123456789abcdef]]', 'apiKey="[[0123456789abcdef]]"', 'AWS_SECRET_ACCESS_KEY=[[wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY]]', 'access_token=[[ya29abcdef0123]]', '--password=[[hunter2]]', "'password' => '[[hunter2]]',", 'password := "[[hunter2]]"',
      '<password>[[hunter2]]</password>', '\\"password\\":\\"[[hunter2]]\\"', 'AccountKey=[[abcdefgh12345==]];x=1', 'passphrase: [[correct-horse]]', 'PGPASSWORD=[[x1y2z3]] psql', 'secret: "[[abc123def]]"', 'SECRET_KEY=[[django-insecure-abc123]]', 'user=bob password=[[hunter2]]\n', 'Password: [[hunter2]]', 'password="[[a]]b"'.replace('[[a]]b', '[[abcd]]'),
    ],
    left: [
      'password: required', 'Password: ', 'password is incorrect', 'Password must be at least 8 characters', 'password for alice:', 'password=', 'password=""', 'password: null', '"password": true', 'password=$PASSWORD', 'password=${PASSWORD}', 'password: {{ secret }}', 'password=****', 'token: 5', 'Unexpected token: foo', 'max_tokens=4096', 'passed=12', 'pass: 3',
      'keyboard: us', 'key: value', 'primary_key: id', 'secretary: bob', 'bypass=1', 'compass: north', 'author: bob', 'password: <your password>', 'password_file=', 'monkey=banana', 'tokens=12', 'password: [redacted]',
    ],
  },
  'private-key': {
    found: [
      `${begin}RSA PRIVATE KEY-----[[\nMIIEowIBAAKCAQEA0Z\nabcd\n]]-----END RSA PRIVATE KEY-----\nok`, `${begin}PRIVATE KEY-----[[\nMIIEow\n]]-----END PRIVATE KEY-----`, `${begin}OPENSSH PRIVATE KEY-----[[\nb3BlbnNzaC1rZXktdjE=\n]]-----END OPENSSH PRIVATE KEY-----`, `${begin}EC PRIVATE KEY-----[[\nMHcCAQEE\n]]-----END EC PRIVATE KEY-----`,
      `"${begin}PRIVATE KEY-----[[\\nMIIEow\\n]]-----END PRIVATE KEY-----\\n"`, `${begin}ENCRYPTED PRIVATE KEY-----[[\nMIIEow\n]]-----END ENCRYPTED PRIVATE KEY-----`, `${begin}RSA PRIVATE KEY-----[[\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0011\n\nMIIEow\n]]-----END RSA PRIVATE KEY-----`, `    ${begin}PRIVATE KEY-----[[\n    MIIEow\n    ]]-----END PRIVATE KEY-----`,
      `${begin}PGP PRIVATE KEY BLOCK-----[[\n\nlQOYBF\n=abcd\n]]-----END PGP PRIVATE KEY BLOCK-----`, `key.pem:${begin}PRIVATE KEY-----[[\nkey.pem:MIIEow\nkey.pem:]]-----END PRIVATE KEY-----`, `     1\t${begin}PRIVATE KEY-----[[\n     2\tMIIEow\n     3\t]]-----END PRIVATE KEY-----`,
    ],
    left: [`${begin}PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----`, `${begin}CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----`, `if (text.includes("${begin}RSA PRIVATE KEY-----")) {`, '-----', 'PRIVATE KEY', 'KEY-----'],
  },
}
