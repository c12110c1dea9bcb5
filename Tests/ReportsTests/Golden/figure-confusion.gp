# gnuplot figure-confusion.gp draws figure-confusion-gnuplot.svg; for a paper: set term pdfcairo size 9cm,6cm noenhanced
set datafile separator comma
set datafile columnheaders
set term svg size 760,420 font 'Inter,Helvetica,Arial,sans-serif,13' noenhanced background '#ffffff'
set output 'figure-confusion-gnuplot.svg'
set border 3 lw 1 lc rgb '#8a8f98'
set tics nomirror out scale 0.5 textcolor rgb '#6b7078'
set grid ytics lc rgb '#e3e5e8' lw 1 lt 1
set style fill solid
set key outside right top Left reverse samplen 2 textcolor rgb '#6b7078'
set xlabel 'predicted' textcolor rgb '#6b7078'
set xrange [-0.5:5.5]
set ylabel 'true' textcolor rgb '#6b7078'
set yrange [-0.5:5.5]
set palette defined (0 '#440154', 1 '#482576', 2 '#414487', 3 '#355f8d', 4 '#2a788e', 5 '#21918c', 6 '#22a884', 7 '#44bf70', 8 '#7ad151', 9 '#bddf26', 10 '#fde725')

plot 'figure-confusion.csv' every ::0::35 using (column('x')):(column('y')):(column('value')) with image notitle
