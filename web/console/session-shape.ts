/** What the console knows about the reader. */
export type StaffRole = 'owner' | 'support' | 'privacy' | 'engineer';

export interface SessionShape {
  readonly staff: {
    readonly id: string;
    readonly email: string;
    readonly name: string | null;
    readonly role: StaffRole;
  };
  readonly organization: { readonly id: string; readonly name: string };
  readonly expiresAt: string;
  readonly freshUntil: string | null;
  readonly isDevelopment: boolean;
}
