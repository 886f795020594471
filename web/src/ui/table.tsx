import './table.css'
import type { ReactNode } from 'react'

export interface Column<Row> {
  readonly name: string
  /** Numbers stand at the right, one below the other. */
  readonly align?: 'number'
  readonly show: (row: Row) => ReactNode
}

export interface TableProps<Row> {
  /** Read out before the table; not seen. */
  readonly caption: string
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
  readonly keyOf: (row: Row) => string | number
  /** Instead of the table while there is nothing in it. */
  readonly empty?: ReactNode
}

/** Rows of 36 px; the first column names the row. Scrolls by itself where it is too wide. */
export const Table = <Row,>({ caption, columns, rows, keyOf, empty }: TableProps<Row>) => {
  if (rows.length === 0 && empty !== undefined) return empty
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard
    <section className="table-frame" aria-label={caption} tabIndex={0}>
      <table className="table">
        <caption className="for-screen-readers">{caption}</caption>
        <thead>
          <tr>
            {columns.map(({ name, align }) => (
              <th key={name} scope="col" data-align={align}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map(({ name, align, show }, at) =>
                at === 0 ? (
                  <th key={name} scope="row" data-align={align}>
                    {show(row)}
                  </th>
                ) : (
                  <td key={name} data-align={align}>
                    {show(row)}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
