/**
 * The components of Mantine as the console uses them. The colours, sizes and all other variables are in
 * `styles/theme.css`: the content security policy allows no style tag, so Mantine must not write them itself.
 */
import { createTheme } from '@mantine/core';

/** Mantine locks the scroll of the page with a style tag; `styles/theme.css` does it instead. */
const withoutScrollLock = { lockScroll: false } as const;

const field = { size: 'sm' } as const;

export const theme = createTheme({
  primaryColor: 'teal',
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Modal: {
      defaultProps: {
        ...withoutScrollLock,
        centered: true,
        transitionProps: { duration: 120 },
        overlayProps: { backgroundOpacity: 0.4 },
      },
    },
    Drawer: { defaultProps: { ...withoutScrollLock, transitionProps: { duration: 120 } } },
    Button: { defaultProps: field },
    TextInput: { defaultProps: field },
    PasswordInput: { defaultProps: field },
    NativeSelect: { defaultProps: field },
    Textarea: { defaultProps: field },
    Checkbox: { defaultProps: field },
    Badge: { defaultProps: { variant: 'light', radius: 'sm', size: 'sm' } },
    Menu: { defaultProps: { shadow: 'md', position: 'bottom-end', transitionProps: { duration: 80 } } },
    Popover: { defaultProps: { shadow: 'md', transitionProps: { duration: 80 } } },
    Tooltip: { defaultProps: { openDelay: 300, events: { hover: true, focus: true, touch: false } } },
  },
});
