import { readFileSync, readdirSync } from 'node:fs'

/** Linux counts CPU time for programs in hundredths of a second, whatever the kernel's own clock. */
const MICROSECONDS_A_TICK = 10_000

/**
 * CPU time that a process, its threads and its live descendants used so far, user and system, in microseconds;
 * from /proc/PID/stat (proc_pid_stat(5)).
 */
export function processCpuMicroseconds(pid: number): number {
  const processes = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readStat(Number(name)))
  const wanted = new Set([pid])
  // Descendants may stand before their parents in the list.
  for (let before = -1; before !== wanted.size;) {
    before = wanted.size
    for (const stat of processes) if (stat !== undefined && wanted.has(stat.parent)) wanted.add(stat.pid)
  }
  return (
    processes.reduce((sum, stat) => (stat !== undefined && wanted.has(stat.pid) ? sum + stat.ticks : sum), 0) *
    MICROSECONDS_A_TICK
  )
}

function readStat(pid: number): { pid: number; parent: number; ticks: number } | undefined {
  let line: string
  try {
    line = readFileSync(`/proc/${pid}/stat`, 'latin1')
  } catch {
    // It ended since the folder was read.
    return undefined
  }
  // The second field is the command in parentheses and may hold anything; fields are counted from behind it.
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
  const field = (number: number): number => Number(fields[number - 3])
  return { pid, parent: field(4), ticks: field(14) + field(15) + field(16) + field(17) }
}

/** Resident memory of one process, bytes, and its highest so far; from /proc/PID/status. */
export function processMemory(pid: number): { residentBytes: number; peakBytes: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1')
  const bytes = (name: string): number =>
    1024 * Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0)
  return { residentBytes: bytes('VmRSS'), peakBytes: bytes('VmHWM') }
}
