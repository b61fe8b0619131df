/** A text as a QR code, drawn with one path. */
import { useMemo } from 'react';
import { qrModules } from './qr-code.ts';

/** The light border that readers need, in modules. */
const border = 4;

export function QrPicture({ text, label }: { readonly text: string; readonly label: string }) {
  const { size, path } = useMemo(() => {
    const modules = qrModules(text);
    const dark = modules.flatMap((row, down) =>
      row.flatMap((isDark, right) => (isDark ? [`M${right + border} ${down + border}h1v1h-1z`] : [])),
    );
    return { size: modules.length + 2 * border, path: dark.join('') };
  }, [text]);
  return (
    <svg
      className="qr"
      viewBox={`0 0 ${size} ${size}`}
      role="img"
      aria-label={label}
      shapeRendering="crispEdges"
    >
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}
