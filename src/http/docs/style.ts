/** Colours of both schemes. The test holds each text colour to WCAG's contrast of 4.5 to 1. */
export const palettes = {
  light: {
    page: "#ffffff",
    raised: "#f5f7f9",
    line: "#d5dce3",
    text: "#1a2129",
    quiet: "#56616d",
    link: "#0a5aa8",
    get: "#0a5aa8",
    post: "#17693a",
    put: "#8a4b00",
    patch: "#6b3fa0",
    delete: "#b3261e",
    mark: "#8a4b00",
  },
  dark: {
    page: "#11161c",
    raised: "#1a212a",
    line: "#323d49",
    text: "#e4e9ee",
    quiet: "#9eabb8",
    link: "#82b9f5",
    get: "#82b9f5",
    post: "#74cf97",
    put: "#e8b169",
    patch: "#c5a3f0",
    delete: "#f79a92",
    mark: "#e8b169",
  },
} as const;

const variables = (palette: Readonly<Record<string, string>>): string =>
  Object.entries(palette)
    .map(([name, colour]) => `--${name}:${colour};`)
    .join("");

const frame = `
*,*::before,*::after{box-sizing:border-box}
html{scroll-padding-top:1rem;-webkit-text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--text);font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
code,pre,.path,.method,.status{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
a{color:var(--link);text-underline-offset:.25em}
a:focus-visible,summary:focus-visible,main:focus-visible{outline:3px solid var(--link);outline-offset:2px;border-radius:3px}
main:focus{outline:none}
.skip{position:absolute;left:-999rem}
.skip:focus{left:1rem;top:1rem;z-index:2;padding:.5rem 1rem;background:var(--page)}
.banner{display:flex;flex-wrap:wrap;gap:.25rem 1.5rem;align-items:baseline;padding:.75rem 1.25rem;border-bottom:1px solid var(--line)}
.banner strong{margin-right:auto}
@media (max-width:35.99rem){.banner strong{flex-basis:100%}}
.page{padding:0 1.25rem 4rem;max-width:100rem;margin:0 auto}
.page.plain{max-width:52rem}
.contents{font-size:.9rem}
.contents summary{padding:.9rem 0;font-weight:600;cursor:pointer}
.contents ul{list-style:none;margin:0;padding:0}
.contents details>ul>li{margin-bottom:.9rem}
.contents li li a{display:grid;grid-template-columns:3.6rem 1fr;gap:.4rem;padding:.2rem 0;color:inherit;text-decoration:none;overflow-wrap:anywhere}
.contents li li a:hover span:last-child{text-decoration:underline}
.contents li li a.name{display:block;font-weight:400}
.contents .tag{font-weight:600;text-decoration:none;color:inherit}
.contents .method{font-size:.72rem;line-height:1.9}
@media (min-width:64rem){
.page.wide{display:grid;grid-template-columns:17rem minmax(0,1fr);gap:3rem}
.contents{border-right:1px solid var(--line)}
.contents details{position:sticky;top:0;max-height:100vh;overflow-y:auto;scrollbar-width:thin;margin-left:-.5rem;padding:1.25rem .5rem 2rem .5rem}
@supports selector(::details-content){
.contents details::details-content{content-visibility:visible;block-size:auto}
.contents summary{display:none}
}
}
`;

const text = `
h1{font-size:2rem;line-height:1.2;margin:2rem 0 .5rem}
h2{font-size:1.5rem;line-height:1.3;margin:3rem 0 .5rem}
h3{font-size:1.1rem;line-height:1.5;margin:0 0 .5rem;overflow-wrap:anywhere}
h3 a{color:inherit;text-decoration:none}
h3 a:hover{text-decoration:underline}
h4{font-size:.95rem;margin:1.6rem 0 .5rem}
h5{font-size:.9rem;margin:1.1rem 0 .25rem}
p,.text>ul{margin:.5rem 0;max-width:46rem}
code{font-size:.875em;overflow-wrap:anywhere}
p code,li code,td code{background:var(--raised);padding:.08em .3em;border-radius:4px}
:is(p,li,td) a code{background:none;padding:0}
pre{margin:0;padding:.9rem 1rem;background:var(--raised);border:1px solid var(--line);border-radius:8px;font-size:.82rem;line-height:1.5;white-space:pre-wrap;overflow-wrap:anywhere}
pre code{font-size:inherit}
.security,.media,.notes,.about,figcaption,td::before{color:var(--quiet)}
.security,.media,.about{font-size:.9rem}
.lead{font-size:1.1rem;color:var(--quiet)}
table{width:100%;border-collapse:collapse;font-size:.88rem}
th,td{padding:.45rem .75rem .45rem 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--line);font-weight:400}
thead th{color:var(--quiet);font-size:.8rem}
.parameters tbody th{font-weight:600}
@media (max-width:47.99rem){
h1{font-size:1.6rem}
table,tbody,tr,th[scope=row],td{display:block}
thead{position:absolute;left:-999rem}
tr{padding:.6rem 0;border-bottom:1px solid var(--line)}
th,td{border:0;padding:.1rem 0}
td:empty{display:none}
td[data-label]::before{content:attr(data-label) ": "}
}
`;

const reference = `
.operation{padding:1.75rem 0;border-top:1px solid var(--line)}
.summary{font-weight:600}
.method{font-weight:700;font-size:.85em}
${["get", "post", "put", "patch", "delete"].map((name) => `.method.${name}{color:var(--${name})}`).join("")}
.columns{display:grid;grid-template-columns:minmax(0,1fr);gap:0 2.5rem}
@media (min-width:80rem){.columns{grid-template-columns:minmax(0,1.1fr) minmax(0,1fr)}}
.samples{min-width:0}
.sample{margin:0 0 .8rem}
figcaption,.sample summary{font-size:.82rem;margin-bottom:.3rem}
.sample summary{cursor:pointer;color:var(--link)}
.status{font-weight:700;color:var(--post)}
.status.error{color:var(--delete)}
.mark{font-size:.78rem;color:var(--mark);font-weight:600}
.type{font-size:.88rem}
.notes{font-size:.85rem}
.schema>p{margin:.25rem 0}
.tree{list-style:none;margin:.3rem 0;padding:0;font-size:.95rem}
.tree .tree{margin:.4rem 0 0;padding-left:1rem;border-left:2px solid var(--line)}
.tree>li{padding:.4rem 0;border-top:1px solid var(--line)}
.tree>li:first-child{border-top:0}
.name{font-weight:600}
.tree code.name{background:none;padding:0}
.name.other{font-style:italic;font-weight:400;font-size:.93em}
.about{max-width:42rem}
.errors,.errors ul{list-style:none;margin:0;padding:0;font-size:.9rem}
.errors>li{display:grid;grid-template-columns:3rem minmax(0,1fr);padding:.25rem 0}
.named{padding:1.25rem 0;border-top:1px solid var(--line)}
`;

/** The one stylesheet of the pages under /docs. */
export const stylesheet = `:root{color-scheme:light dark;${variables(palettes.light)}}
@media (prefers-color-scheme:dark){:root{${variables(palettes.dark)}}}${frame}${text}${reference}`;
