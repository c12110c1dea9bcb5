# gnuplot figure-double-descent.gp draws figure-double-descent-gnuplot.svg; for a paper: set term pdfcairo size 9cm,6cm noenhanced
set term svg size 760,420 font 'Inter,Helvetica,Arial,sans-serif,13' noenhanced background '#ffffff'
set output 'figure-double-descent-gnuplot.svg'
set encoding utf8
set datafile separator comma
set datafile columnheaders
set border 3 lw 1 lc rgb '#8a8f98'
set tics nomirror out scale 0.5 textcolor rgb '#6b7078'
set grid ytics lc rgb '#e3e5e8' lw 1 lt 1
set style fill transparent solid 0.16 noborder
set key outside right top Left reverse samplen 2 textcolor rgb '#6b7078'
set title 'Model-wise double descent'
set xlabel 'width' textcolor rgb '#6b7078'
set logscale x
set xrange [1.7900501418559447:572.0510146929769]
set xtics ('2' 2, '4' 4, '8' 8, '16' 16, '32' 32, '64' 64, '128' 128, '256' 256, '512' 512)
set ylabel 'mean squared error' textcolor rgb '#6b7078'
set yrange [0.0:2.6984999999999997]
set ytics ('0.0' 0, '0.5' 0.5, '1.0' 1, '1.5' 1.5, '2.0' 2, '2.5' 2.5)
set arrow from 58.0, graph 0 to 58.0, graph 1 nohead dt 3 lc rgb '#9aa0a8'
set label 'parameters = samples × classes' at 58.0, graph 0.97 offset 1,0 tc rgb '#6b7078' font ',11'

plot 'figure-double-descent.csv' using (column('mark')==1 ? column('x') : NaN):(column('lower')):(column('upper')) with filledcurves lc rgb '#0072b2' notitle, \
  'figure-double-descent.csv' using (column('mark')==1 ? column('x') : NaN):(column('y')) with linespoints pt 7 ps 0.4 lw 2 dt 1 lc rgb '#0072b2' title 'test', \
  'figure-double-descent.csv' using (column('mark')==2 ? column('x') : NaN):(column('y')) with linespoints pt 7 ps 0.4 lw 2 dt 1 lc rgb '#d55e00' title 'train'
