import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { ApiFailure } from './api-failure.ts'
import { clearCookie, readCookie, setCookie } from './web-cookies.ts'

const [SECURE, LOOPBACK] = ['https://sallyport.example.com', 'http://127.0.0.1:7400']
const value = fc.stringMatching(/^[\w-]{1,43}$/)
const other = fc.stringMatching(/^[\w !#-+\--:<>-~]{0,12}$/).filter((text) => !text.split('=')[0]?.trim().endsWith('sallyport'))

describe('cookies of the console', () => {
  it('bear the prefix that no neighbour domain can set, over https', () => {
    assert.equal(setCookie('session', 'v', SECURE, 60.7), '__Host-sallyport=v; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure')
    assert.equal(setCookie('login', 'v', SECURE, 60), '__Host-sallyport-login=v; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure')
    assert.equal(clearCookie('session', LOOPBACK), 'sallyport=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax')
  })

  it('are found among any others, and are not there when they are not', () => {
    fc.assert(fc.property(value, fc.array(other), fc.array(other), (wanted, before, after) => {
      const header = (own: string) => [...before, own, ...after].join('; ')
      assert.equal(readCookie(header(`__Host-sallyport=${wanted}`), 'session', SECURE), wanted)
      assert.equal(readCookie(header(`sallyport=${wanted}`), 'session', SECURE), undefined)
      assert.equal(readCookie(header(`__Host-sallyport=${wanted}`), 'session', LOOPBACK), undefined)
    }))
    assert.equal(readCookie(undefined, 'session', SECURE), undefined)
  })

  it('are refused when they are there twice, wherever', () => {
    fc.assert(fc.property(value, value, fc.array(other), (one, two, between) => {
      assert.throws(() => readCookie([`sallyport=${one}`, ...between, ` sallyport =${two}`].join(';'), 'session', LOOPBACK), ApiFailure)
    }))
  })
})
