"""How the page looks: light or dark as the reader's system is, on a telephone, on paper.

Every pair of colours has a contrast of 4.5 to 1 or more.  Statuses have a shape and a word beside
their colour.
"""

from __future__ import annotations

_LIGHT = """--bg:#fafaf7;--card:#fff;--fg:#1b1c1e;--soft:#54575d;--line:#d6d6cf;--link:#0a4f9e;\
--code:#f0f0ea;--edge:#82858b;--s0:#1a6b36;--s1:#8a5200;--s2:#6a5c22;--s3:#3a4db3;--s4:#b3241c;\
--s5:#a01f63;--s6:#54575d;"""
_DARK = """--bg:#14161a;--card:#1b1e23;--fg:#e9e9e4;--soft:#a9adb6;--line:#363a42;--link:#8fbdf7;\
--code:#24282f;--edge:#7b808a;--s0:#7fd197;--s1:#f0bd5c;--s2:#d3c48a;--s3:#aab8ff;--s4:#ff938b;\
--s5:#ff92c6;--s6:#a9adb6;"""

STYLE = f"""
:root{{color-scheme:light;{_LIGHT}}}
@media (prefers-color-scheme:dark){{:root:not([data-theme=light]){{color-scheme:dark;{_DARK}}}}}
:root[data-theme=dark]{{color-scheme:dark;{_DARK}}}
@media print{{:root,:root[data-theme=dark]{{color-scheme:light;{_LIGHT}}}}}
*{{box-sizing:border-box}}
[hidden]{{display:none!important}}
html{{scroll-padding-top:1rem;-webkit-text-size-adjust:100%}}
body{{margin:0;overflow-wrap:anywhere;\
background:var(--bg);color:var(--fg);font:16px/1.5 system-ui,sans-serif}}
header,main,footer{{max-width:76rem;margin:0 auto;padding:0 1.25rem}}
header{{padding-top:1.5rem}}
h1{{font-size:1.5rem;margin:0 0 .25rem}}
h2{{font-size:1.2rem;margin:2.75rem 0 .5rem;padding-top:.75rem;border-top:1px solid var(--line)}}
h3{{font-size:1rem;margin:1.25rem 0 .4rem}}
p{{margin:.4rem 0;max-width:48rem}}
a{{color:var(--link)}}
#main:focus{{outline:0}}
:focus-visible{{outline:3px solid var(--link);outline-offset:2px;border-radius:2px}}
code,pre{{font-family:ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace;font-size:.86em}}
code{{unicode-bidi:isolate;overflow-wrap:anywhere}}
pre{{background:var(--code);padding:.6rem .75rem;border-radius:6px;margin:.4rem 0;\
white-space:pre-wrap;overflow-wrap:anywhere;max-height:24rem;overflow:auto}}
.soft{{color:var(--soft)}}
.skip{{position:absolute;left:-99rem}}
.skip:focus{{left:1rem;top:.5rem;background:var(--card);padding:.5rem 1rem;z-index:1}}
nav ul,.legend,.counts{{list-style:none;padding:0;margin:.75rem 0;display:flex;flex-wrap:wrap;\
gap:.4rem 1.1rem}}
.counts{{gap:.6rem}}
.counts a{{display:block;background:var(--card);border:1px solid var(--line);border-radius:8px;\
padding:.5rem .9rem;text-decoration:none}}
.counts a:hover{{border-color:var(--link)}}
.counts b{{font-size:1.35rem;margin-right:.35rem;color:var(--fg)}}
dl{{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;margin:.75rem 0}}
dt{{color:var(--soft)}}
dd{{margin:0;min-width:0;overflow-wrap:anywhere}}
.chip{{white-space:nowrap;font-weight:600;display:inline-flex;align-items:center;gap:.4em}}
.chip::before{{content:"";flex:none;width:.75em;height:.75em;background:currentColor;\
forced-color-adjust:none;print-color-adjust:exact}}
.s0::before{{border-radius:50%}}
.s1::before{{clip-path:polygon(0 0,100% 50%,0 100%)}}
.s2::before{{clip-path:polygon(evenodd,0 0,100% 50%,0 100%,0 0,15% 25%,65% 50%,15% 75%,15% 25%)}}
.s3::before{{clip-path:polygon(0 0,40% 0,40% 100%,60% 100%,60% 0,100% 0,100% 100%,0 100%)}}
.s4::before{{clip-path:polygon(20% 0,50% 30%,80% 0,100% 20%,70% 50%,100% 80%,80% 100%,50% 70%,\
20% 100%,0 80%,30% 50%,0 20%)}}
.s5::before{{clip-path:polygon(50% 0,100% 50%,50% 100%,0 50%)}}
.s6::before{{clip-path:inset(35% 0)}}
.picture a path{{fill:currentColor;stroke:currentColor;stroke-width:1.5;stroke-linejoin:round}}
.picture .s2 path{{fill:none}}
.s0{{color:var(--s0)}}.s1{{color:var(--s1)}}.s2{{color:var(--s2)}}
.s3{{color:var(--s3)}}.s4{{color:var(--s4)}}.s5{{color:var(--s5)}}.s6{{color:var(--s6)}}
.card{{background:var(--card);border:1px solid var(--line);border-left-width:4px;border-radius:8px;\
padding:.6rem 1rem .75rem;margin:.75rem 0}}
.card.s4{{border-left-color:var(--s4)}}.card.s3{{border-left-color:var(--s3)}}
.card>*{{color:var(--fg)}}
.card h3{{margin-top:.2rem}}
table{{border-collapse:collapse;width:100%;margin:.5rem 0;background:var(--card);\
border:1px solid var(--line)}}
caption{{text-align:left;color:var(--soft);padding:.3rem 0}}
th,td{{text-align:left;vertical-align:top;padding:.45rem .7rem;border-top:1px solid var(--line);\
font-weight:400;overflow:clip;overflow-wrap:anywhere}}
th[scope=row]{{min-width:min(13rem,40vw)}}
td summary:not(:has(code)){{white-space:nowrap}}
.said{{white-space:pre-wrap}}
td.tight,th.tight{{white-space:nowrap}}
thead th{{overflow-wrap:normal;color:var(--soft);font-size:.86em;border-top:0}}
th p,td p{{margin:.15rem 0}}
td ul{{margin:0;padding-left:1.1rem}}
tr:target>*{{background:var(--code)}}
details{{margin:.3rem 0}}
summary{{cursor:pointer;padding:.15rem 0}}
.part{{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:.35rem .9rem;\
margin:.5rem 0;content-visibility:auto;contain-intrinsic-size:auto 2.6rem}}
.part>table{{border:0}}
.picture{{overflow:auto;background:var(--card);border:1px solid var(--line);border-radius:8px;\
max-height:48rem;margin:.5rem 0}}
.picture svg{{display:block;font:12px ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace}}
.picture text{{fill:currentColor;white-space:pre}}
.picture .name{{fill:var(--fg)}}
.picture a:hover .name{{text-decoration:underline}}
.edge{{fill:none;stroke:var(--edge);stroke-width:1.25}}
.head{{fill:var(--edge)}}
.tools{{display:flex;flex-wrap:wrap;gap:.6rem 1rem;align-items:end;margin:.75rem 0}}
.tools label{{display:grid;gap:.15rem;font-size:.86em;color:var(--soft)}}
input,select,button{{font:inherit;color:var(--fg);background:var(--card);\
border:1px solid var(--edge);border-radius:6px;padding:.35rem .6rem}}
footer{{padding-bottom:3rem}}
@media (max-width:44rem){{
header,main,footer{{padding:0 .8rem}}
header{{padding-top:1rem}}
dl{{grid-template-columns:1fr;gap:0}}
dd{{margin-bottom:.4rem}}
table,caption,tbody,tr,th,td{{display:block;width:auto}}
thead{{position:absolute;clip-path:inset(50%);width:1px;height:1px;overflow:hidden}}
tr{{padding:.45rem 0;border-top:1px solid var(--line)}}
tbody tr:first-child{{border-top:0}}
caption{{padding:.4rem .7rem 0}}
th,td{{border:0;padding:.12rem .7rem}}
td:empty{{display:none}}
td[data-label]::before{{content:attr(data-label) ": ";color:var(--soft);font-size:.86em}}
.part{{padding:.35rem .5rem}}
}}
@media print{{
body{{font-size:10pt;background:none}}
.picture{{border:0}}
.picture svg{{width:auto;height:auto;max-width:100%;max-height:23cm}}
.tools,nav,.skip{{display:none}}
pre,.picture{{max-height:none;overflow:visible}}
.part{{content-visibility:visible}}
.part::details-content{{content-visibility:visible;block-size:auto;display:block}}
tr,.card{{break-inside:avoid}}
}}
"""
