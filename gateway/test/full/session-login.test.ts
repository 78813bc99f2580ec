import { testSessionLogin } from '../support/session-login-suite.ts'
import { OLDER_INSTALLATION, olderObstacle } from '../support/session-logins.ts'

testSessionLogin('15', { installation: OLDER_INSTALLATION }, olderObstacle)
