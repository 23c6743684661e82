// When two names are the same name to a person who reads them. Knows nothing of who holds which.

/** In small letters, compatible characters alike (Unicode NFKC; small letters may need it again). */
export function foldedName(name: string): string {
  return name.normalize("NFKC").toLowerCase().normalize("NFKC");
}
