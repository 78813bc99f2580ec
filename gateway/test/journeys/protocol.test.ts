import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { type Endpoint, type Journey, journeyWays, startJourney } from '../support/endpoints.ts'
import { eventually } from '../support/eventually.ts'
import { ALLOW_ALL } from '../support/policies.ts'
import * as raw from '../support/raw-client.ts'

/**
 * What drivers at hand do not do: newer handshakes, wrong ones, and the exact order of messages. The target wants its
 * password in clear (by TLS), as the gateway does, so that the same hand-made login fits both.
 */
let journey: Journey
before(async () => {
  journey = await startJourney(ALLOW_ALL, 'support-bot', 'password')
})
after(() => journey.stop())

for (const way of journeyWays()) {
  describe(way, () => {
    let endpoint: Endpoint
    before(async () => {
      endpoint = await journey.endpoint(way)
    })
    /** For what only the gateway does. */
    const gatewayTest = (name: string, run: () => Promise<void>): void => {
      if (way === 'gateway') test(name, run)
    }

    const parameters = (): Record<string, string> => ({ user: endpoint.user, database: endpoint.database })

    async function open(): Promise<raw.RawClient> {
      const client = await raw.openNegotiatedTls(endpoint)
      const login = await client.logIn(parameters(), endpoint.password)
      assert.equal(login.at(-1)?.type, 'Z', JSON.stringify(raw.errorFields(login.at(-1))))
      return client
    }

    describe('handshakes', () => {
      test('direct TLS with ALPN logs in without SSLRequest', async () => {
        const client = await raw.openDirectTls(endpoint)
        assert.equal((await client.logIn(parameters(), endpoint.password)).at(-1)?.type, 'Z')
        client.end()
      })

      test('direct TLS without ALPN, or with another protocol, is refused', async () => {
        for (const ALPNProtocols of [[], ['http/1.1']]) {
          const socket = connectTls({ host: endpoint.host, port: endpoint.port, ca: endpoint.ca, ALPNProtocols })
          const refused = await Promise.race([
            once(socket, 'error').then(() => true),
            once(socket, 'close').then(() => true),
            once(socket, 'secureConnect').then(() => false),
          ])
          if (!refused) {
            const client = new raw.RawClient(socket)
            assert.notEqual((await client.logIn(parameters(), endpoint.password)).at(-1)?.type, 'Z')
          }
          socket.destroy()
        }
      })

      test('GSSENCRequest is answered N, and SSLRequest may follow', async () => {
        const client = await raw.openRaw(endpoint)
        client.socket.removeAllListeners('data')
        client.send(raw.GSSENC_REQUEST)
        assert.equal(((await once(client.socket, 'data')) as [Buffer])[0].toString('latin1'), 'N')
        client.send(raw.SSL_REQUEST)
        assert.equal(((await once(client.socket, 'data')) as [Buffer])[0].toString('latin1'), 'S')
        client.end()
      })

      test('bytes sent in clear behind SSLRequest are never read as if they had come by TLS', async () => {
        const client = await raw.openRaw(endpoint)
        client.send(raw.SSL_REQUEST, raw.startup(parameters()))
        await eventually('it is cut off', () => client.closed)
      })

      test('protocol 3.2 is spoken, with a longer cancel key', async () => {
        const client = await raw.openNegotiatedTls(endpoint)
        const login = await client.logIn(parameters(), endpoint.password, 0x3_0002)
        assert.ok(!login.some(({ type }) => type === 'v'), '3.2 needs no negotiation')
        const key = login.find(({ type }) => type === 'K')
        assert.ok((key?.body.length ?? 0) > 8, 'a key longer than four bytes')
        client.end()
      })

      test('a later minor version and unknown _pq_ options are negotiated down to 3.2', async () => {
        const client = await raw.openNegotiatedTls(endpoint)
        const login = await client.logIn({ ...parameters(), '_pq_.nosuch': '1' }, endpoint.password, 0x3_0009)
        const negotiate = login.find(({ type }) => type === 'v')
        assert.equal(negotiate?.body.readInt32BE(0) === 0x3_0002 || negotiate?.body.readInt32BE(0) === 2, true)
        assert.match(negotiate?.body.toString('latin1') ?? '', /_pq_\.nosuch/)
        assert.equal(login.at(-1)?.type, 'Z')
        client.end()
      })

      test('protocol 2 and what is no startup message are refused', async () => {
        for (const bytes of [
          raw.startup(parameters(), 0x2_0000),
          Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
          raw.untyped(raw.int32(0x3_0000)),
          raw.int32(4),
        ]) {
          const client = await raw.openNegotiatedTls(endpoint)
          client.send(bytes)
          const answer = await client.receive().catch(() => undefined)
          assert.ok(answer === undefined || answer.type === 'E')
          await eventually('it is cut off', () => client.closed)
        }
      })

      gatewayTest('replication mode is refused', async () => {
        for (const replication of ['true', 'database', 'on', '1']) {
          const client = await raw.openNegotiatedTls(endpoint)
          const login = await client.logIn({ ...parameters(), replication }, endpoint.password)
          assert.equal(login.at(-1)?.type, 'E')
          client.end()
        }
      })

      test('a login in clear from loopback is served, a wrong one refused', async () => {
        const client = await raw.openRaw(endpoint)
        assert.equal((await client.logIn(parameters(), endpoint.password)).at(-1)?.type, 'Z')
        client.end()
        const wrong = await raw.openRaw(endpoint)
        const login = await wrong.logIn(parameters(), `${endpoint.password}x`)
        assert.equal(raw.errorFields(login.at(-1))['C'], '28P01')
        const nosuch = await raw.openRaw(endpoint)
        const target = await nosuch.logIn({ ...parameters(), database: 'nosuch' }, endpoint.password)
        assert.equal(target.at(-1)?.type, 'E')
      })
    })

    describe('messages', () => {
      test('a pipeline: what follows an error is skipped up to its Sync, and every Sync gets its ReadyForQuery', async () => {
        const client = await open()
        client.send(
          raw.parse('', 'select 1'),
          raw.bind('', ''),
          raw.execute(),
          raw.SYNC,
          raw.parse('', 'select 1/(n - 1) from generate_series(1, 1) n'),
          raw.bind('', ''),
          raw.execute(),
          raw.parse('', 'select 2'),
          raw.bind('', ''),
          raw.execute(),
          raw.SYNC,
          raw.SYNC,
          raw.parse('', 'select 3'),
          raw.bind('', ''),
          raw.execute(),
          raw.SYNC,
        )
        assert.equal(raw.letters(await client.receiveUntil('Z')), '1 2 D C ZI')
        assert.equal(raw.letters(await client.receiveUntil('Z')), '1 2 E ZI')
        assert.equal(raw.letters(await client.receiveUntil('Z')), 'ZI')
        assert.equal(raw.letters(await client.receiveUntil('Z')), '1 2 D C ZI')
        client.end()
      })

      test('simple and extended messages mix', async () => {
        const client = await open()
        client.send(
          raw.parse('s', 'select $1::int + 1'),
          raw.describe('S', 's'),
          raw.SYNC,
          raw.query('begin'),
          raw.bind('p', 's', ['41']),
          raw.describe('P', 'p'),
          raw.execute('p'),
          raw.close('P', 'p'),
          raw.SYNC,
          raw.query('commit; select 5'),
          raw.query(''),
          raw.close('S', 's'),
          raw.SYNC,
        )
        assert.equal(raw.letters(await client.receiveUntil('Z')), '1 t T ZI')
        assert.equal(raw.letters(await client.receiveUntil('Z')), 'C ZT')
        const rows = await client.receiveUntil('Z')
        assert.equal(raw.letters(rows), '2 T D C 3 ZT')
        assert.deepEqual(raw.rowValues(rows[2]), ['42'])
        assert.equal(raw.letters(await client.receiveUntil('Z')), 'C T D C ZI')
        assert.equal(raw.letters(await client.receiveUntil('Z')), 'I ZI')
        assert.equal(raw.letters(await client.receiveUntil('Z')), '3 ZI')
        client.end()
      })

      test('Flush brings results without Sync, and a portal is read in pieces', async () => {
        const client = await open()
        client.send(raw.parse('', 'select generate_series(1, 5)'), raw.bind('', ''), raw.execute('', 2), raw.FLUSH)
        assert.equal(raw.letters(await client.receiveUntil('s')), '1 2 D D s')
        client.send(raw.execute('', 2), raw.FLUSH)
        assert.equal(raw.letters(await client.receiveUntil('s')), 'D D s')
        client.send(raw.execute('', 2), raw.SYNC)
        assert.equal(raw.letters(await client.receiveUntil('Z')), 'D C ZI')
        client.end()
      })

      test('COPY by the extended protocol, and CopyFail', async () => {
        const client = await open()
        client.send(raw.query('create temp table c (n int)'))
        await client.receiveUntil('Z')
        client.send(raw.parse('', 'copy c from stdin'), raw.bind('', ''), raw.execute())
        client.send(raw.FLUSH)
        assert.equal(raw.letters(await client.receiveUntil('G')), '1 2 G')
        client.send(
          raw.frame('d', Buffer.from('1\n2')),
          raw.frame('d', Buffer.from('3\n')),
          raw.FLUSH,
          raw.SYNC,
          raw.frame('c'),
          raw.SYNC,
        )
        assert.equal(raw.letters(await client.receiveUntil('Z')), 'C ZI')
        client.send(raw.query('copy c from stdin'))
        await client.receiveUntil('G')
        client.send(raw.frame('d', Buffer.from('4\n')), raw.frame('f', raw.cstring('no more')))
        assert.equal(raw.letters(await client.receiveUntil('Z')), 'E ZI')
        client.send(raw.query('copy c to stdout'))
        assert.equal(raw.letters(await client.receiveUntil('Z')), 'H d d c C ZI')
        client.end()
      })

      gatewayTest('FunctionCall is refused, and the session goes on', async () => {
        const client = await open()
        // pg_catalog.random() by its OID.
        client.send(raw.frame('F', raw.int32(1598), raw.int16(0), raw.int16(0), raw.int16(0)))
        const answer = await client.receiveUntil('Z')
        assert.equal(raw.letters(answer), 'E ZI')
        client.send(raw.query('select 1'))
        assert.equal(raw.letters(await client.receiveUntil('Z')), 'T D C ZI')
        client.end()
      })

      test('an unknown message type ends the session with an error', async () => {
        for (const bad of [
          raw.frame('?', Buffer.alloc(3)),
          Buffer.from('Q\0\0\0\x03'),
          Buffer.from('Q\x7f\xff\xff\xff'),
          raw.frame('Q', Buffer.from('select 1')),
        ]) {
          const client = await open()
          client.send(bad)
          await eventually('it is cut off', () => client.closed || client.socket.readableEnded, 3000).catch(
            () => undefined,
          )
          const answer = await client.receive(2000)
          assert.ok(answer === undefined || answer.type === 'E', answer?.type)
          client.end()
        }
      })

      test('a NUL in a statement is refused, and nothing of it runs', async () => {
        const client = await open()
        client.send(raw.frame('Q', Buffer.from('select 1\0; drop table orders\0')))
        const answer = await client.receive()
        assert.equal(answer?.type ?? 'E', 'E')
        client.end()
        assert.equal((await journey.server.query('select from orders', [], 'shop')).length, 600)
      })

      test('Terminate ends the session on the target', async () => {
        const client = await open()
        client.send(raw.query(`select pg_backend_pid()`))
        const pid = raw.rowValues((await client.receiveUntil('Z'))[1])[0]
        client.send(raw.TERMINATE)
        await eventually(
          'the backend is gone',
          async () => (await journey.server.query('select from pg_stat_activity where pid = $1', [pid])).length === 0,
        )
      })

      gatewayTest('a client that vanishes in the midst of a statement does not leave it running', async () => {
        const client = await open()
        client.send(raw.query(`select pg_sleep(600) as vanished`))
        await eventually('it runs', async () => !(await journey.isIdle('%vanished%')))
        client.end()
        await eventually('it is ended', () => journey.isIdle('%vanished%'))
      })
    })

    describe('cancel', () => {
      test('works with the key that the client was given, by TLS or in clear, and with no other', async () => {
        for (const version of [0x3_0000, 0x3_0002]) {
          const client = await raw.openNegotiatedTls(endpoint)
          const key =
            (await client.logIn(parameters(), endpoint.password, version)).find(({ type }) => type === 'K')?.body ??
            Buffer.alloc(8)
          const [pid, secret] = [key.readInt32BE(0), key.subarray(4)]
          const wrong = Buffer.from(secret)
          wrong[0] = (wrong[0] ?? 0) ^ 1
          client.send(raw.query(`select pg_sleep(600) as keyed`))
          await eventually('it runs', async () => !(await journey.isIdle('%keyed%')))
          for (const bad of [
            raw.cancelRequest(pid, wrong),
            raw.cancelRequest(pid + 1, secret),
            raw.cancelRequest(pid, Buffer.concat([secret, Buffer.alloc(1)])),
            raw.cancelRequest(pid, Buffer.alloc(0)),
          ]) {
            const canceller = await raw.openRaw(endpoint)
            canceller.send(bad)
            await eventually('the connection is closed', () => canceller.closed)
          }
          assert.equal(await journey.isIdle('%keyed%'), false)
          const canceller = await raw.openNegotiatedTls(endpoint)
          canceller.send(raw.cancelRequest(pid, secret))
          const answer = await client.receiveUntil('Z')
          assert.equal(raw.errorFields(answer.find(({ type }) => type === 'E'))['C'], '57014')
          assert.equal(await journey.isIdle('%keyed%'), true)
          client.end()
          canceller.end()
        }
      })
    })
  })
}
