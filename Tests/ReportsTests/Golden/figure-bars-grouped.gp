# gnuplot figure-bars-grouped.gp draws figure-bars-grouped-gnuplot.svg; for a paper: set term pdfcairo size 9cm,6cm noenhanced
set datafile separator comma
set datafile columnheaders
set term svg size 760,420 font 'Inter,Helvetica,Arial,sans-serif,13' noenhanced background '#ffffff'
set output 'figure-bars-grouped-gnuplot.svg'
set border 3 lw 1 lc rgb '#8a8f98'
set tics nomirror out scale 0.5 textcolor rgb '#6b7078'
set grid ytics lc rgb '#e3e5e8' lw 1 lt 1
set style fill transparent solid 0.16 noborder
set key outside right top Left reverse samplen 2 textcolor rgb '#6b7078'
set xlabel 'depth' textcolor rgb '#6b7078'
set ylabel 'change of accuracy' textcolor rgb '#6b7078'
set yrange [-0.08067999999999999:0.059680000000000004]

plot 'figure-bars-grouped.csv' every ::0::3 using ($0 + -0.200):(column('y')):(0.380):xtic(stringcolumn('label')) with boxes fs solid 0.9 lc rgb '#0072b2' title 'with shortcut', \
  'figure-bars-grouped.csv' every ::4::7 using ($0 + 0.200):(column('y')):(0.380) with boxes fs solid 0.9 lc rgb '#d55e00' title 'without'
