import { DataType, load, open } from 'ffi-rs'

// The few calls that Node does not offer. Linux with glibc only, as the embedded engine itself.
let opened = false
const openLibc = (): void => {
  if (!opened) open({ library: 'c', path: 'libc.so.6' })
  opened = true
}

const callLibc = <T extends DataType.I32 | DataType.String>(funcName: string, retType: T, args: readonly number[]) => {
  openLibc()
  return load({
    library: 'c',
    funcName,
    retType,
    paramsType: args.map(() => DataType.I32),
    paramsValue: [...args],
  })
}

const readWrite = 0o2
const noControllingTerminal = 0o400
const closeOnExec = 0o2000000

export interface Pty {
  /** Closing it is end of input for whoever reads the slave; it never reaches a child process (O_CLOEXEC). */
  readonly masterFd: number
  readonly slavePath: string
}

/** Opens a pseudo-terminal. The kernel closes the master when this process dies, however it dies. */
export const openPty = (): Pty => {
  const masterFd = Number(callLibc('posix_openpt', DataType.I32, [readWrite | noControllingTerminal | closeOnExec]))
  if (masterFd < 0) throw new Error('no pseudo-terminal is available (is /dev/pts mounted?)')
  const isReady =
    callLibc('grantpt', DataType.I32, [masterFd]) === 0 && callLibc('unlockpt', DataType.I32, [masterFd]) === 0
  if (!isReady) throw new Error('the pseudo-terminal could not be unlocked')
  return { masterFd, slavePath: String(callLibc('ptsname', DataType.String, [masterFd])) }
}

const lockExclusive = 2
const lockNonBlocking = 4

/** Takes the kernel's lock of an open file for as long as it stays open; false when another process has it. */
export const tryFlock = (fd: number): boolean =>
  callLibc('flock', DataType.I32, [fd, lockExclusive | lockNonBlocking]) === 0

/** Ends the process at once, without the destructors that the embedded engine does not survive. */
export const exitNow = (code: number): void => {
  void callLibc('_exit', DataType.I32, [code])
}

/** The C string at an address. */
export const textAt = (address: number): string => {
  openLibc()
  return load({
    library: 'c',
    funcName: 'strdup',
    retType: DataType.String,
    paramsType: [DataType.U64],
    paramsValue: [address],
  })
}
