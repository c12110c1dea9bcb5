# gnuplot figure-scatter.gp draws figure-scatter-gnuplot.svg; for a paper: set term pdfcairo size 9cm,6cm noenhanced
set datafile separator comma
set datafile columnheaders
set term svg size 760,420 font 'Inter,Helvetica,Arial,sans-serif,13' noenhanced background '#ffffff'
set output 'figure-scatter-gnuplot.svg'
set border 3 lw 1 lc rgb '#8a8f98'
set tics nomirror out scale 0.5 textcolor rgb '#6b7078'
set grid ytics lc rgb '#e3e5e8' lw 1 lt 1
set style fill transparent solid 0.16 noborder
set key outside right top Left reverse samplen 2 textcolor rgb '#6b7078'
set title 'Real against ideal world'
set xlabel 'soft error, ideal world' textcolor rgb '#6b7078'
set xrange [0.0:0.35512000000000005]
set ylabel 'soft error, real world' textcolor rgb '#6b7078'
set yrange [0.0:0.35512000000000005]
set size square

plot x with lines dt 2 lc rgb '#9aa0a8' notitle, \
  'figure-scatter.csv' using (column('mark')==2 ? column('x') : NaN):(column('y')):(column('lower')):(column('upper')) with yerrorbars pt 7 ps 0.6 lc rgb '#0072b2' notitle, \
  'figure-scatter.csv' using (column('mark')==2 ? column('x') : NaN):(column('y')):(stringcolumn('label')) with labels left offset 0.7,0 font ',11' notitle
