import { Button, Text } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useSession } from '../api/queries.ts'
import { ownVerifier, type Proof, proveOperation } from './prove.ts'

/** Checks in this browser that an operation is in the ledger. */
export function VerifyOperation({ session, number }: { readonly session: string; readonly number: number }) {
  const { data } = useSession()
  const proof = useMutation<Proof>({ mutationFn: async () => proveOperation(session, number, await ownVerifier()) })
  if (!data?.roles.some((role) => ['auditor', 'operator', 'administrator'].includes(role))) return undefined
  if (proof.data !== undefined) {
    return <Text size="sm" role="status">✔ entry {proof.data.index} is proved by {proof.data.hashes} hashes and the signature on {proof.data.checkpoint.size} entries</Text>
  }
  return (
    <>
      <Button size="compact-xs" variant="default" onClick={() => proof.mutate()} loading={proof.isPending}>Verify</Button>
      {proof.error !== null && <Text size="sm" c="red" role="alert">✖ not proved: {proof.error.message}</Text>}
    </>
  )
}
