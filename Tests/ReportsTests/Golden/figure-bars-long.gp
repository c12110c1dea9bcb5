# gnuplot figure-bars-long.gp draws figure-bars-long-gnuplot.svg; for a paper: set term pdfcairo size 9cm,6cm noenhanced
set datafile separator comma
set datafile columnheaders
set term svg size 760,420 font 'Inter,Helvetica,Arial,sans-serif,13' noenhanced background '#ffffff'
set output 'figure-bars-long-gnuplot.svg'
set border 3 lw 1 lc rgb '#8a8f98'
set tics nomirror out scale 0.5 textcolor rgb '#6b7078'
set grid xtics lc rgb '#e3e5e8' lw 1 lt 1
set style fill transparent solid 0.16 noborder
set key outside right top Left reverse samplen 2 textcolor rgb '#6b7078'
set xlabel 'parameters' textcolor rgb '#6b7078'
set xrange [0.0:70778.88]
set yrange [6.5:-0.5]
set arrow from 50000.0, graph 0 to 50000.0, graph 1 nohead dt 3 lc rgb '#9aa0a8'
set label 'budget' at 50000.0, graph 0.97 offset 1,0 tc rgb '#6b7078' font ',11'

plot 'figure-bars-long.csv' every ::0::6 using (column('y')):($0 + 0.000):(0):(column('y')):($0 + 0.000 - 0.380):($0 + 0.000 + 0.380):ytic(stringcolumn('label')) with boxxyerror fs solid 0.9 lc rgb '#0072b2' title 'parameters'
