/** Shares of the first touchpoint, of all in between, and of the last. */
export interface PositionModel {
  readonly first: number
  readonly middle: number
  readonly last: number
}

/** How an event is credited to the touchpoints before it (query §9). */
export type Model = 'first' | 'last' | 'linear' | 'participation' | 'time_decay' | PositionModel

export const positionModels = {
  u_shaped: { first: 40, middle: 20, last: 40 },
  j_shaped: { first: 20, middle: 20, last: 60 },
  inverse_j: { first: 60, middle: 20, last: 20 },
} as const satisfies Readonly<Record<string, PositionModel>>

/**
 * Shares that add up to 1: of the first, the middle and the last of three; of two, what their places have of each other;
 * half each where those have nothing.
 */
export const sharesOf = ({ first, middle, last }: PositionModel, count: 2 | 3): readonly number[] => {
  const all = first + last + (count === 3 ? middle : 0)
  if (all === 0) return [0.5, 0.5]
  return count === 2 ? [first / all, last / all] : [first / all, middle / all, last / all]
}
