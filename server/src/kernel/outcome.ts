/** One record of many is good, silently dropped, or reported to the sender. Reasons are closed unions of each feature. */
export type Outcome<Value, DropReason extends string, RejectReason extends string> =
  | { readonly kind: 'accept'; readonly value: Value }
  | { readonly kind: 'drop'; readonly reason: DropReason }
  | {
      readonly kind: 'reject'
      readonly reason: RejectReason
      readonly field: string
      readonly message: string
    }
