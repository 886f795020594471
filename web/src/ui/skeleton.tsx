import './notes.css'

/** The shape of a table that is coming, so that nothing jumps when it does. */
export const SkeletonRows = ({ rows = 6, what = 'Loading' }: { readonly rows?: number; readonly what?: string }) => (
  <div role="status">
    <span className="for-screen-readers">{what}</span>
    {Array.from({ length: rows }, (_, at) => (
      // biome-ignore lint/suspicious/noArrayIndexKey: they are all alike
      <div className="skeleton-row" key={at} aria-hidden="true">
        <span className="skeleton" />
      </div>
    ))}
  </div>
)

export const SkeletonPage = () => (
  <div className="page">
    <SkeletonRows what="Loading the page" rows={8} />
  </div>
)
