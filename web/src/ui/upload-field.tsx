import './field.css'
import { useId, useState } from 'react'

export interface UploadFieldProps {
  readonly label: string
  readonly hint?: string
  /** As `accept` of an input. */
  readonly accept: string
  /** Larger files are refused here, before they are read. */
  readonly bytesMax: number
  readonly onText: (text: string, name: string) => void
}

/** A file of text, chosen or dropped; it is read here and goes nowhere by itself. */
export const UploadField = ({ label, hint, accept, bytesMax, onText }: UploadFieldProps) => {
  const id = useId()
  const [isOver, setIsOver] = useState(false)
  const [fault, setFault] = useState<string | null>(null)
  const read = async (file: File | undefined) => {
    if (file === undefined) return
    if (file.size > bytesMax) return setFault(`${file.name} is larger than ${Math.floor(bytesMax / 1024)} kB`)
    setFault(null)
    onText(await file.text(), file.name)
  }
  const take = (file: File | undefined) => {
    read(file).catch(() => setFault('the file could not be read'))
  }
  return (
    <div className="field">
      <label className="field-label" htmlFor={id}>
        {label}
      </label>
      {hint ? (
        <span className="field-hint" id={`${id}-hint`}>
          {hint}
        </span>
      ) : null}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: dropping is a second way to what the input does */}
      <div
        className="upload"
        data-over={isOver}
        onDragOver={(event) => {
          event.preventDefault()
          setIsOver(true)
        }}
        onDragLeave={() => setIsOver(false)}
        onDrop={(event) => {
          event.preventDefault()
          setIsOver(false)
          take(event.dataTransfer.files[0])
        }}
      >
        <input
          id={id}
          type="file"
          accept={accept}
          aria-describedby={hint ? `${id}-hint` : undefined}
          onChange={(event) => {
            take(event.target.files?.[0])
            // So that the same file can be chosen again after it was corrected.
            event.target.value = ''
          }}
        />
        <span className="muted">or drop it here</span>
      </div>
      {fault === null ? null : (
        <span className="field-fault" role="alert">
          {fault}
        </span>
      )}
    </div>
  )
}
