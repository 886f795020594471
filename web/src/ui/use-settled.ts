import { useEffect, useState } from 'react'

/** The value once it has stayed the same for a moment: for questions that go by what somebody types. */
export const useSettled = <Value>(value: Value, afterMs = 350): Value => {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), afterMs)
    return () => clearTimeout(timer)
  }, [value, afterMs])
  return settled
}
