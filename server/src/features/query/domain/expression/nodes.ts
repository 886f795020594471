// The tree of an expression (expressions §2, §5). Nodes are frozen; each knows what its value can be (`types`), how deep it
// is and where it stood in the text (`at`, counted from 1). Made only by build.ts.

/** What a value can be, as bits. A value that can be a datetime can otherwise only be undefined. */
export const type = {
  undefined: 1,
  null: 2,
  boolean: 4,
  number: 8,
  string: 16,
  list: 32,
  object: 64,
  datetime: 128,
} as const
export type TypeName = keyof typeof type
/** Anything that JSON can say, or nothing at all. */
export const anyType = 127

interface Common {
  readonly at: number
  readonly types: number
  readonly depth: number
}

export type ArithmeticOp = '+' | '-' | '*' | '/' | '%'
export type CompareOp = '>' | '>=' | '<' | '<='

/** Columns that are read like properties: `$time`, `$distinct_id`, `$insert_id`, `$event_name`. */
export type ColumnName = 'time' | 'distinctId' | 'insertId' | 'eventName'

export interface LiteralNode extends Common {
  readonly kind: 'literal'
  readonly value: string | number | boolean | undefined
}
export interface ListNode extends Common {
  readonly kind: 'list'
  readonly items: readonly Expression[]
}
/** A property of the event, or of the profile of the person who did it. */
export interface PropertyNode extends Common {
  readonly kind: 'property'
  readonly of: 'event' | 'profile'
  readonly name: string
}
export interface ColumnNode extends Common {
  readonly kind: 'column'
  readonly column: ColumnName
}
/** How often a person did what the request calls `name`. */
export interface BehaviorNode extends Common {
  readonly kind: 'behavior'
  readonly name: string
}
export interface NotNode extends Common {
  readonly kind: 'not'
  readonly operand: Expression
}
export interface LogicNode extends Common {
  readonly kind: 'and' | 'or'
  readonly terms: readonly Expression[]
}
export interface ArithmeticNode extends Common {
  readonly kind: 'arithmetic'
  readonly op: ArithmeticOp
  readonly left: Expression
  readonly right: Expression
}
export interface EqualsNode extends Common {
  readonly kind: 'equals'
  /** Formulas compare strings without regard to case. */
  readonly ignoreCase: boolean
  readonly left: Expression
  readonly right: Expression
}
export interface CompareNode extends Common {
  readonly kind: 'compare'
  readonly op: CompareOp
  readonly left: Expression
  readonly right: Expression
}
export interface InNode extends Common {
  readonly kind: 'in'
  readonly ignoreCase: boolean
  readonly needle: Expression
  readonly haystack: Expression
}
/** The first branch whose condition is true; otherwise undefined unless the last branch is `true`. */
export interface IfNode extends Common {
  readonly kind: 'if'
  readonly branches: readonly { readonly condition: Expression; readonly value: Expression }[]
}
export interface CallNode extends Common {
  readonly kind: 'call'
  readonly name: FunctionName
  readonly args: readonly Expression[]
}
export interface LetNode extends Common {
  readonly kind: 'let'
  readonly name: string
  readonly value: Expression
  readonly body: Expression
}
export interface EachNode extends Common {
  readonly kind: 'each'
  readonly of: 'any' | 'all' | 'filter' | 'map'
  readonly name: string
  readonly list: Expression
  readonly body: Expression
}
/** A name of `let`, or of the element in `any`, `all`, `filter` and `map`. */
export interface VariableNode extends Common {
  readonly kind: 'variable'
  readonly name: string
}
/** `list[0]`, `object["key"]`. */
export interface IndexNode extends Common {
  readonly kind: 'index'
  readonly target: Expression
  readonly key: Expression
}

export type Expression =
  | LiteralNode
  | ListNode
  | PropertyNode
  | ColumnNode
  | BehaviorNode
  | NotNode
  | LogicNode
  | ArithmeticNode
  | EqualsNode
  | CompareNode
  | InNode
  | IfNode
  | CallNode
  | LetNode
  | EachNode
  | VariableNode
  | IndexNode

export type NodeKind = Expression['kind']

/** Functions whose arguments are worked out before the call; the others have nodes of their own. */
export type FunctionName =
  | 'boolean'
  | 'number'
  | 'string'
  | 'defined'
  | 'datetime'
  | 'today'
  | 'datedif'
  | 'floor'
  | 'ceil'
  | 'round'
  | 'negate'
  | 'min'
  | 'max'
  | 'sum'
  | 'len'
  | 'upper'
  | 'lower'
  | 'left'
  | 'right'
  | 'mid'
  | 'split'
  | 'has_prefix'
  | 'has_suffix'
  | 'parse_url'
  | 'regex_match'
  | 'regex_extract'
  | 'regex_replace'
