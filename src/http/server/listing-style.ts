// How the listing looks: one column that fits a phone, light or dark as the system is, and no more than
// a table where there are no styles at all. The page's policy lets in this style alone, by its digest.

export const STYLE = `
:root{color-scheme:light dark;--text:#1b1f24;--dim:#59636e;--line:#d8dee4;--link:#0757b8;--seen:#5b3fa0;--row:#f4f6f8;--page:#fff}
@media(prefers-color-scheme:dark){:root{--text:#e6e9ec;--dim:#9aa4ae;--line:#30363d;--link:#79b8ff;--seen:#b39df3;--row:#1a1f26;--page:#0e1116}}
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
td a[href$="/"]{font-weight:600}
td a:visited{color:var(--seen)}
.size,.time{color:var(--dim);font-size:.9rem;font-variant-numeric:tabular-nums;white-space:nowrap}
th.size,td.size{text-align:right}
th a{color:inherit}
footer{display:flex;flex-wrap:wrap;gap:.5rem;align-items:center;margin-top:1rem;color:var(--dim);font-size:.9rem}
footer span{margin-left:auto}
footer a,button,::file-selector-button{padding:.3rem .75rem;border:1px solid var(--line);border-radius:.4rem;background:var(--row);color:var(--link);font:inherit;cursor:pointer}
form{display:flex;flex-wrap:wrap;gap:.5rem 1rem;align-items:center;margin:1rem 0;padding:.75rem;border:2px dashed var(--line);border-radius:.5rem}
form.over{border-color:var(--link)}
label{flex:1 1 16rem;min-width:0}
input{font:inherit;max-width:100%;color:var(--dim)}
button:disabled{opacity:.5;cursor:default}
progress{flex-basis:100%;width:100%;accent-color:var(--link)}
output{flex-basis:100%;white-space:pre-line;overflow-wrap:anywhere}
output:empty{display:none}
p{padding:0 .5rem;color:var(--dim)}
@media(max-width:34rem){body{padding:.5rem}th,td{padding-left:.25rem;padding-right:.25rem}td.time span{display:none}}
`;
