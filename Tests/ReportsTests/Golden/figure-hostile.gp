# gnuplot figure-hostile.gp draws figure-hostile-gnuplot.svg; for a paper: set term pdfcairo size 9cm,6cm noenhanced
set term svg size 760,420 font 'Inter,Helvetica,Arial,sans-serif,13' noenhanced background '#ffffff'
set output 'figure-hostile-gnuplot.svg'
set encoding utf8
set datafile separator comma
set datafile columnheaders
set border 3 lw 1 lc rgb '#8a8f98'
set tics nomirror out scale 0.5 textcolor rgb '#6b7078'
set grid ytics lc rgb '#e3e5e8' lw 1 lt 1
set style fill transparent solid 0.16 noborder
set key outside right top Left reverse samplen 2 textcolor rgb '#6b7078'
set title '</svg><script>alert(1)</script> & "quotes" ''too'''
set xlabel '<b>x</b>' textcolor rgb '#6b7078'
set xrange [-0.04:1.04]
set xtics ('0.0' 0, '0.2' 0.2, '0.4' 0.4, '0.6' 0.6, '0.8' 0.8, '1.0' 1)
set ylabel ']]>&amp;' textcolor rgb '#6b7078'
set yrange [0.0:1.05]
set ytics ('0.0' 0, '0.2' 0.2, '0.4' 0.4, '0.6' 0.6, '0.8' 0.8, '1.0' 1)
set arrow from 0.3, graph 0 to 0.3, graph 1 nohead dt 3 lc rgb '#9aa0a8'
set label '</title><script>' at 0.3, graph 0.97 offset 1,0 tc rgb '#6b7078' font ',11'
set label '<svg/onload=1> ' at 0.5,0.2 left front offset 0.8,0.0 font ',11' tc rgb '#c45500'

plot 'figure-hostile.csv' using (column('mark')==1 ? column('x') : NaN):(column('y')) with linespoints pt 7 ps 0.4 lw 2 dt 3 lc rgb '#e69f00' title '<script>', \
  'figure-hostile.csv' using (column('mark')==2 ? column('x') : NaN):(column('y')) with points pt 9 ps 0.6 lc rgb '#d55e00' title '"onload="x'
