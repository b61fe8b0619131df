/** Shows that what belongs in its place is on its way. */
import { Loader } from '@mantine/core';

/** With a `label` a screen reader says so too: for a whole page, not for a part of one. */
export function Loading({ label }: { readonly label?: string }) {
  return (
    <div className="splash" {...(label === undefined ? {} : { role: 'status', 'aria-label': label })}>
      <Loader size="sm" aria-hidden />
    </div>
  );
}
