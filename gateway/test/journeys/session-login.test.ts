import { testSessionLogin } from '../support/session-login-suite.ts'

testSessionLogin('18', {}, false)
