import { Alert, List, Text } from '@mantine/core'
import { problemOf } from '../api/problem.ts'

/** What went wrong, and what to do. */
export function ProblemAlert({ error }: { readonly error: unknown }) {
  const { message, hint, problems } = problemOf(error)
  return (
    <Alert color="red" variant="outline" role="alert" title={`${message.charAt(0).toUpperCase()}${message.slice(1)}`}>
      <Text size="sm">{hint.charAt(0).toUpperCase()}{hint.slice(1)}</Text>
      {problems.length > 0 && (
        <List size="sm" mt="xs">
          {problems.map((problem) => (
            <List.Item key={`${problem.line}:${problem.column}:${problem.message}`}>
              {problem.line !== undefined && `line ${problem.line}: `}{problem.message}
            </List.Item>
          ))}
        </List>
      )}
    </Alert>
  )
}
