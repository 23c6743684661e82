// How the listing looks: one column that fits a phone, light or dark as the system is, and no more than
// a table where there are no styles at all. The page's policy lets in this style alone, by its digest.

export const STYLE = `
:root{color-scheme:light dark;--text:#1b1f24;--dim:#59636e;--line:#d8dee4;--link:#0757b8;--row:#f4f6f8;--page:#fff}
@media(prefers-color-scheme:dark){:root{--text:#e6e9ec;--dim:#9aa4ae;--line:#30363d;--link:#79b8ff;--row:#1a1f26;--page:#0e1116}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:60rem;padding:1rem;background:var(--page);color:var(--text);font:1rem/1.5 system-ui,sans-serif}
a{color:var(--link);text-decoration:none}
a:hover,a:focus-visible{text-decoration:underline}
h1{margin:.25rem 0 1rem;font-size:1.15rem;font-weight:600;overflow-wrap:anywhere}
table{width:100%;border-collapse:collapse}
th{padding:.25rem .5rem;border-bottom:2px solid var(--line);text-align:left;font-size:.9rem;white-space:nowrap}
td{padding:0 .5rem;border-bottom:1px solid var(--line)}
tbody tr:hover{background:var(--row)}
td:first-child{width:100%;overflow-wrap:anywhere}
td:first-child a{display:block;padding:.45rem 0}
.size,.time{color:var(--dim);font-size:.9rem;font-variant-numeric:tabular-nums;white-space:nowrap}
th.size,td.size{text-align:right}
th a{color:inherit}
footer{margin-top:1rem;color:var(--dim);font-size:.9rem}
footer a{margin-right:1rem}
form{margin:1rem 0;padding:.75rem;border:1px dashed var(--line);border-radius:.5rem}
input,button{font:inherit;max-width:100%}
progress{width:100%}
@media(max-width:34rem){body{padding:.5rem}th,td{padding-left:.25rem;padding-right:.25rem}td.time span{display:none}}
`;
