// Whether a text is an IP address, in a browser: see is-ip.ts.

const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

/** 4 or 6, the version; 0 for any other text. A zone (RFC 4007 s. 11) may follow an IPv6 address. */
export function isIP(text: string): 0 | 4 | 6 {
  if (IPV4.test(text)) return 4;
  const [address = "", ...zones] = text.split("%");
  const isZoned = zones.length === 0 || (zones.length === 1 && zones[0] !== "");
  // URL's own grammar (RFC 4291 s. 2.2), kept from what has another meaning in a URL.
  return isZoned && /^[\da-f:.]*:[\da-f:.]*$/i.test(address) && URL.canParse(`http://[${address}]`)
    ? 6
    : 0;
}
