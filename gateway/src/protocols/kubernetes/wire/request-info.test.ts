import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readRequestInfo } from './request-info.ts'
import { AmbiguousRequest, readRequestTarget } from './request-target.ts'

const info = (method: string, target: string) => readRequestInfo(method, readRequestTarget(target))
const short = (method: string, target: string): string => {
  const { verb, group, version, namespace, resource, subresource, name, rest } = info(method, target)
  return [verb, group, version, namespace, resource, subresource, name, ...rest].join(' ')
}

describe('what a request means to the API server', () => {
  for (const [method, target, expected] of [
    ['GET', '/api/v1/namespaces', 'list  v1  namespaces  '],
    ['GET', '/api/v1/namespaces/other', 'get  v1 other namespaces  other'],
    ['PUT', '/api/v1/namespaces/other/finalize', 'update  v1 other namespaces finalize other'],
    ['GET', '/api/v1/namespaces/other/status', 'get  v1 other namespaces status other'],
    ['GET', '/api/v1/namespaces/other/pods', 'list  v1 other pods  '],
    ['GET', '/api/v1/namespaces/other/pods/', 'list  v1 other pods  '],
    ['GET', '/api/v1/namespaces/other/pods/foo', 'get  v1 other pods  foo'],
    ['HEAD', '/api/v1/namespaces/other/pods/foo', 'get  v1 other pods  foo'],
    ['HEAD', '/api/v1/pods', 'list  v1  pods  '],
    ['GET', '/api/v1/namespaces/other/pods/foo/log', 'get  v1 other pods log foo'],
    ['GET', '/api/v1/pods?watch=true', 'watch  v1  pods  '],
    ['GET', '/api/v1/pods?watch=1', 'watch  v1  pods  '],
    ['GET', '/api/v1/pods?watch', 'watch  v1  pods  '],
    ['GET', '/api/v1/pods?watch=yes', 'watch  v1  pods  '],
    ['GET', '/api/v1/pods?watch=0', 'list  v1  pods  '],
    ['GET', '/api/v1/pods?watch=False', 'list  v1  pods  '],
    ['GET', '/api/v1/watch/namespaces/other/pods', 'watch  v1 other pods  '],
    ['GET', '/api/v1/watch/pods', 'watch  v1  pods  '],
    ['GET', '/api/v1/proxy/namespaces/other/pods/foo/etc', 'proxy  v1 other pods  foo etc'],
    ['POST', '/api/v1/namespaces/other/pods/foo/exec', 'create  v1 other pods exec foo'],
    ['GET', '/api/v1/namespaces/other/pods/foo/exec', 'get  v1 other pods exec foo'],
    ['GET', '/api/v1/nodes/n1/proxy/exec/a/b', 'get  v1  nodes proxy n1 exec a b'],
    ['DELETE', '/api/v1/namespaces/other/pods', 'delete collection'.replace(' ', '') + '  v1 other pods  '],
    ['DELETE', '/api/v1/namespaces/other/pods/foo', 'delete  v1 other pods  foo'],
    ['GET', '/apis/apps/v1/namespaces/other/deployments/foo/scale', 'get apps v1 other deployments scale foo'],
    ['PATCH', '/apis/apps/v1/namespaces/other/deployments/foo', 'patch apps v1 other deployments  foo'],
    ['GET', '/api/v1/namespaces/other/pods?fieldSelector=metadata.name%3Dfoo', 'list  v1 other pods  foo'],
    ['GET', '/api/v1/namespaces/other/pods?fieldSelector=metadata.name%3Dfoo&watch=true', 'watch  v1 other pods  foo'],
    ['GET', '/api/v1/namespaces/other/pods/foo?watch=true', 'get  v1 other pods  foo'],
    ['GET', '/version', 'get      '],
    ['GET', '/api/v1', 'get      '],
    ['GET', '/apis/apps/v1', 'get      '],
    ['GET', '/apis/apps', 'get      '],
  ] as const) {
    test(`${method} ${target}`, () => assert.equal(short(method, target), expected))
  }

  test('what would leave a doubt is refused', () => {
    assert.throws(() => info('GET', '/api/v1/watch'), AmbiguousRequest)
    for (const twice of ['watch=0&watch=1', 'dryRun=All&dryRun=None', 'dryRun=All&DRYRUN=All', 'labelSelector=a&labelSelector=b', 'force=true&force=false', 'stdin=0&stdin=1']) {
      assert.throws(() => info('GET', `/api/v1/pods?${twice}`), AmbiguousRequest, twice)
    }
    // The words of a command are many.
    assert.doesNotThrow(() => info('POST', '/api/v1/namespaces/a/pods/b/exec?command=ls&command=-l'))
  })
})
