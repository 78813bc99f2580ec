/** A reporter for node's test runner that writes one line for each test that was skipped or left to do, and why. */
export default async function* skippedReporter(source) {
  for await (const { type, data } of source) {
    if (type !== 'test:pass' && type !== 'test:fail') continue
    const mark = data.skip ?? data.todo
    if (mark === undefined || mark === false) continue
    yield `${data.name}: ${typeof mark === 'string' && mark !== '' ? mark : 'no reason given'}\n`
  }
}
