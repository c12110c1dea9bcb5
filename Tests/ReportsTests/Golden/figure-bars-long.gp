# gnuplot figure-bars-long.gp draws figure-bars-long-gnuplot.svg; for a paper: set term pdfcairo size 9cm,6cm noenhanced
set term svg size 760,420 font 'Inter,Helvetica,Arial,sans-serif,13' noenhanced background '#ffffff'
set output 'figure-bars-long-gnuplot.svg'
set encoding utf8
set datafile separator comma
set datafile columnheaders
set border 3 lw 1 lc rgb '#8a8f98'
set tics nomirror out scale 0.5 textcolor rgb '#6b7078'
set grid xtics lc rgb '#e3e5e8' lw 1 lt 1
set style fill transparent solid 0.16 noborder
set key outside right top Left reverse samplen 2 textcolor rgb '#6b7078'
set yzeroaxis lt 1 lc rgb '#8a8f98'
set xlabel 'parameters' textcolor rgb '#6b7078'
set xrange [0.0:70778.88]
set xtics ('0' 0, '20 000' 20000, '40 000' 40000, '60 000' 60000)
set ytics ('layers[0].attention.query.weight' 0, 'layers[0].attention.key.weight' 1, 'layers[0].attention.value.weight' 2, 'layers[0].attention.output.weight' 3, 'layers[0].up.weight' 4, 'layers[0].down.weight' 5, 'readout' 6)
set yrange [6.5:-0.5]
$bars0 << EOD
place,y
0.000,16384.0
1.000,16384.0
2.000,16384.0
3.000,16384.0
4.000,65536.0
5.000,65536.0
6.000,6784.0
EOD
set arrow from 50000.0, graph 0 to 50000.0, graph 1 nohead dt 3 lc rgb '#9aa0a8'
set label 'budget' at 50000.0, graph 0.97 offset 1,0 tc rgb '#6b7078' font ',11'

plot $bars0 using 2:1:(0):2:($1 - 0.342):($1 + 0.342) with boxxyerror fs solid 0.9 lc rgb '#0072b2' notitle
