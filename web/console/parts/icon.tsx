/** The icons of the console: lines on a grid of 24, in the colour of the text around them. */
const paths = {
  people:
    'M9 11a4 4 0 1 0 0-8 4 4 0 0 0 0 8M2 21a7 7 0 0 1 14 0M16.5 3.5a4 4 0 0 1 0 7.4M18.5 14.6A7 7 0 0 1 22 21',
  person: 'M12 11a4 4 0 1 0 0-8 4 4 0 0 0 0 8M5 21a7 7 0 0 1 14 0',
  overview: 'M4 20V10M10 20V4M16 20v-7M22 20H2',
  erasures:
    'M20 20H9L3.5 14.500a2 2 0 0 1 0-2.800L12 3.200a2 2 0 0 1 2.800 0l5.500 5.500a2 2 0 0 1 0 2.800L12 20M8 8l8.500 8.500',
  keys: 'M8 19a5 5 0 1 0 0-10 5 5 0 0 0 0 10M11.5 10.500 20 2M16 6l3.500 3.500M13 9l2.500 2.500',
  record: 'M6 2h9l5 5v15H6zM15 2v5h5M9.500 12h7M9.500 16h7',
  outbox: 'M3 13l3-9h12l3 9v7H3zM3 13h5l1.500 3h5l1.500-3h5',
  staff: 'M12 2l8 3v6c0 5-3.400 9-8 11-4.600-2-8-6-8-11V5zM8.500 12l2.500 2.500 4.500-5',
  start: 'M5 3l14 9-14 9z',
  search: 'M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14M16 16l5 5',
  menu: 'M3 6h18M3 12h18M3 18h18',
  close: 'M5 5l14 14M19 5 5 19',
  check: 'M4 12.500 9.500 18 20 6.500',
  minus: 'M5 12h14',
  plus: 'M12 5v14M5 12h14',
  chevronDown: 'M5 9l7 7 7-7',
  chevronLeft: 'M15 5l-7 7 7 7',
  chevronRight: 'M9 5l7 7-7 7',
  first: 'M18 5l-7 7 7 7M7 5v14',
  last: 'M6 5l7 7-7 7M17 5v14',
  up: 'M12 20V4M5 11l7-7 7 7',
  down: 'M12 4v16M5 13l7 7 7-7',
  columns: 'M3 4h18v16H3zM9 4v16M15 4v16',
  filter: 'M3 5h18M6.500 12h11M10 19h4',
  bookmark: 'M6 3h12v18l-6-4.500L6 21z',
  copy: 'M9 9h12v12H9zM5 15H3V3h12v2',
  download: 'M12 3v12M6 10l6 6 6-6M4 21h16',
  mail: 'M3 5h18v14H3zM3 6l9 7 9-7',
  key: 'M8 19a5 5 0 1 0 0-10 5 5 0 0 0 0 10M11.500 10.500 20 2M16 6l3.500 3.500',
  lock: 'M5 11h14v10H5zM8 11V7a4 4 0 0 1 8 0v4',
  unlock: 'M5 11h14v10H5zM8 11V7a4 4 0 0 1 7.600-1.700',
  eye: 'M2 12c2.500-4.500 6-7 10-7s7.500 2.500 10 7c-2.500 4.500-6 7-10 7s-7.500-2.500-10-7M12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6',
  edit: 'M4 20h4L20 8l-4-4L4 16zM13.500 6.500l4 4',
  trash: 'M4 6h16M9 6V3h6v3M6 6l1 15h10l1-15M10 11v6M14 11v6',
  signOut: 'M14 4H5v16h9M10 12h11M17 8l4 4-4 4',
  light:
    'M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8M12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.500 1.500M17.500 17.500 19 19M5 19l1.500-1.500M17.500 6.500 19 5',
  dark: 'M20.500 14.500A8.500 8.500 0 1 1 9.500 3.500a7 7 0 0 0 11 11',
  system: 'M3 4h18v12H3zM8 21h8M12 16v5',
  language:
    'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18M3 12h18M12 3c2.500 2.500 3.800 5.500 3.800 9s-1.300 6.500-3.800 9c-2.500-2.500-3.800-5.500-3.800-9S9.500 5.500 12 3',
  clock: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18M12 7v5l3.500 2',
  warning: 'M12 3 2 21h20zM12 10v5M12 18v.2',
  info: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18M12 11v6M12 7.500v.2',
  shield: 'M12 2l8 3v6c0 5-3.400 9-8 11-4.600-2-8-6-8-11V5z',
  link: 'M10 14a4 4 0 0 0 6 .5l3.500-3.500a4 4 0 0 0-6-6L12 6.500M14 10a4 4 0 0 0-6-.5L4.500 13a4 4 0 0 0 6 6l1.500-1.500',
  device: 'M7 2h10v20H7zM11 18.500h2',
  refresh: 'M20 11a8 8 0 0 0-14-4L3 10M3 4v6h6M4 13a8 8 0 0 0 14 4l3-3M21 20v-6h-6',
  stop: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18M6 6l12 12',
  more: 'M5 12h.2M12 12h.2M19 12h.2',
} as const;

export type IconName = keyof typeof paths;

/** A picture without a name of its own: the text beside it, or the label of its button, says what it means. */
export function Icon({ name, size = 16 }: { readonly name: IconName; readonly size?: number }) {
  return (
    <svg
      className="icon"
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth={name === 'more' ? 3 : 1.8}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={paths[name]} />
    </svg>
  );
}
