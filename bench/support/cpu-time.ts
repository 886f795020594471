import { readFile } from 'node:fs/promises'

// Ticks of /proc are hundredths of a second on every Linux that Node runs on.
const msPerTick = 10

/** Processor time that a process and its threads have used since they began. */
export const cpuMsOf = async (pid: number): Promise<number> => {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ').at(-1)?.split(' ') ?? []
  // User and system time, counted from the field behind the name.
  return (Number(fields[11]) + Number(fields[12])) * msPerTick
}
